using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Failover.Domain.Checkpoints;

/// <summary>Reads and writes commit documents, strictly by docs/trainer-contract.md: what a trainer wrote is input from a stranger.</summary>
public static class CommitDocument
{
    /// <summary>The longest document, in bytes of UTF-8.</summary>
    public const int LengthMax = 1 << 20;

    /// <summary>The most files of one commit.</summary>
    public const int FilesMax = 10_000;

    /// <summary>The longest path, in characters.</summary>
    public const int PathLengthMax = 512;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
    };

    /// <summary>The document's text.</summary>
    public static string Write(Commit commit) => JsonSerializer.Serialize(commit, Json);

    /// <summary>The commit, or every fault of the text, each with its place. Exactly one of the two is given.</summary>
    public static (Commit? Commit, ImmutableArray<string> Faults) Parse(string text)
    {
        if (text.Length > LengthMax || Encoding.UTF8.GetByteCount(text) > LengthMax)
            return (null, [$"$: longer than {LengthMax} bytes"]);
        Commit? commit;
        try
        {
            commit = JsonSerializer.Deserialize<Commit>(text, Json);
        }
        catch (JsonException fault)
        {
            return (null, [$"{fault.Path ?? "$"}: {fault.Message}"]);
        }
        if (commit is null)
            return (null, ["$: null"]);
        ImmutableArray<string> faults = [.. FaultsOf(commit)];
        return faults.IsEmpty ? (commit, faults) : (null, faults);
    }

    /// <summary>Whether a path stays below an epoch's and attempt's folder, whatever a file system makes of it.</summary>
    public static bool IsPathBelow(string path, int epoch, int attempt)
    {
        if (path.Length is 0 or > PathLengthMax || path.Any(c => c == '\\' || char.IsControl(c)))
            return false;
        var segments = path.Split('/');
        return segments.Length >= 3
            && segments.All(segment => segment is not ("" or "." or ".."))
            && segments[0] == $"e{epoch}"
            && segments[1] == $"a{attempt}";
    }

    private static IEnumerable<string> FaultsOf(Commit commit)
    {
        if (commit.Schema != Commit.SchemaV1)
            yield return $"schema: '{commit.Schema}' is not {Commit.SchemaV1}";
        if (!IsToken(commit.RunUid, 26, "abcdefghijklmnopqrstuvwxyz0123456789"))
            yield return "run: not a uid of 26 characters a-z, 0-9";
        if (commit.Epoch < 1)
            yield return "epoch: less than 1";
        if (commit.Attempt < 0)
            yield return "attempt: less than 0";
        if (commit.Step < 0)
            yield return "step: less than 0";
        if (commit.Parent is { } parent && (parent.Epoch < 1 || parent.Commit < 0))
            yield return "parent: no commit has that name";
        if (commit.ResumedFrom is { } resumed && (resumed.Epoch < 1 || resumed.Commit < 0))
            yield return "resumedFrom: no commit has that name";
        if (!IsHex(commit.Nonce, 16))
            yield return "nonce: not 16 lower-case hex digits";
        if (!IsHex(commit.Provenance, 64))
            yield return "provenance: not 64 lower-case hex digits";
        foreach (var fault in FileFaults(commit))
            yield return fault;
    }

    private static IEnumerable<string> FileFaults(Commit commit)
    {
        if (commit.Files.IsDefault || commit.Files.Length is 0 or > FilesMax)
        {
            yield return $"files: not 1 to {FilesMax}";
            yield break;
        }
        var paths = new HashSet<string>(StringComparer.Ordinal);
        Int128 total = 0;
        for (var i = 0; i < commit.Files.Length; i++)
        {
            var file = commit.Files[i];
            if (file is null)
            {
                yield return $"files[{i}]: null";
                continue;
            }
            if (!IsPathBelow(file.Path, commit.Epoch, commit.Attempt))
                yield return $"files[{i}].path: not a plain relative path below e{commit.Epoch}/a{commit.Attempt}/";
            else if (!paths.Add(file.Path))
                yield return $"files[{i}].path: named twice";
            if (file.SizeBytes < 0)
                yield return $"files[{i}].sizeBytes: less than 0";
            else if ((total += file.SizeBytes) > long.MaxValue)
                yield return $"files[{i}].sizeBytes: all together more than {long.MaxValue} bytes";
            if (!IsHex(file.Sha256, 64))
                yield return $"files[{i}].sha256: not 64 lower-case hex digits";
        }
    }

    private static bool IsHex(string text, int length) => IsToken(text, length, "0123456789abcdef");

    private static bool IsToken(string text, int length, string alphabet) => text.Length == length && text.All(alphabet.Contains);
}
