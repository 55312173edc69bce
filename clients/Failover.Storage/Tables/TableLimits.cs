using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Failover.Abstractions.State;

namespace Failover.Storage.Tables;

/// <summary>What every implementation of <see cref="IConditionalTable"/> takes; beyond it an <see cref="ArgumentException"/> names the field.</summary>
public static class TableLimits
{
    /// <summary>Writes in one batch.</summary>
    public const int BatchWritesMax = 100;

    /// <summary>Characters of a partition's or a row's key.</summary>
    public const int KeyCharsMax = 512;

    /// <summary>Bytes of a payload in UTF-8: 1 MiB.</summary>
    public const int PayloadBytesMax = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Without surrogates the order of UTF-8 bytes is the ordinal order of strings, so that every store ranges alike; control characters are refused by Azure.
    private static readonly SearchValues<char> NotInKeys = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(static code => (char)code).Where(static c => char.IsControl(c) || char.IsSurrogate(c))]);

    /// <summary>A key: 1 to <see cref="KeyCharsMax"/> characters, neither control characters nor surrogates.</summary>
    public static void CheckKey(string key, string field)
    {
        ArgumentException.ThrowIfNullOrEmpty(key, field);
        CheckBound(key, field);
    }

    /// <summary>A bound of a range: a key, or empty, or absent.</summary>
    public static void CheckBound(string? bound, string field)
    {
        if (bound is null) return;
        if (bound.Length > KeyCharsMax) throw new ArgumentException($"{field} has {bound.Length} characters; at most {KeyCharsMax} are allowed.", field);

        var at = bound.AsSpan().IndexOfAny(NotInKeys);
        if (at >= 0) throw new ArgumentException($"{field} has the character U+{(int)bound[at]:X4} at {at}; control characters and surrogates are not allowed.", field);
    }

    /// <summary>A batch: 1 to <see cref="BatchWritesMax"/> writes to distinct rows.</summary>
    public static void CheckWrites(ImmutableArray<TableWrite> writes)
    {
        var count = writes.IsDefault ? 0 : writes.Length;
        if (count is 0 or > BatchWritesMax) throw new ArgumentException($"writes has {count} writes; 1 to {BatchWritesMax} are allowed.", nameof(writes));

        var rows = new HashSet<string>(count, StringComparer.Ordinal);
        foreach (var write in writes)
        {
            CheckKey(write.Row, "row");
            if (!rows.Add(write.Row)) throw new ArgumentException($"writes names the row {write.Row} twice.", nameof(writes));

            switch (write)
            {
                case TableWrite.Insert insert:
                    CheckPayload(insert.Payload);
                    break;
                case TableWrite.Replace replace:
                    CheckPayload(replace.Payload);
                    CheckETag(replace.ETag);
                    break;
                case TableWrite.Delete delete:
                    CheckETag(delete.ETag);
                    break;
                default:
                    throw new ArgumentException($"writes has a {write.GetType()}, which is no known write.", nameof(writes));
            }
        }
    }

    private static void CheckETag(string etag) => ArgumentException.ThrowIfNullOrEmpty(etag);

    private static void CheckPayload(string payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (payload.Contains('\0')) throw new ArgumentException("payload has the character U+0000, which is not allowed.", nameof(payload));

        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(payload);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"payload has a lone surrogate at {exception.Index}, so that it is no text.", nameof(payload), exception);
        }

        if (bytes > PayloadBytesMax) throw new ArgumentException($"payload has {bytes} bytes; at most {PayloadBytesMax} are allowed.", nameof(payload));
    }
}
