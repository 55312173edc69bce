using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Failover.Domain.Documents;

/// <summary>Names: their syntax, how they are quoted in messages, and the nearest one to a slip of the pen.</summary>
internal static class Names
{
    // Longer values only bury the message.
    private const int QuotedCharactersMax = 60;

    /// <summary>The syntax of nearly all names here, in words.</summary>
    public const string DnsLabelRule = "use a-z, 0-9 and '-', beginning and ending with a letter or digit";

    public static bool IsDnsLabel(string name, int lengthMax) =>
        name.Length is > 0 && name.Length <= lengthMax
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')
        && name[0] != '-' && name[^1] != '-';

    /// <summary>A value in quotes, shortened, with control characters (which could steer a terminal) escaped.</summary>
    public static string Quote(string value) =>
        '"' + Clean(value.Length <= QuotedCharactersMax ? value : value[..QuotedCharactersMax] + "…") + '"';

    public static string Clean(string value)
    {
        if (!value.Any(IsUnsafe))
            return value;
        var text = new StringBuilder();
        foreach (var c in value)
            _ = IsUnsafe(c) ? text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : text.Append(c);
        return text.ToString();
    }

    /// <summary>"; did you mean ...?", which ends a sentence, where one of <paramref name="known"/> is near enough to be meant, else an empty string.</summary>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        var nearest = known
            .Select(candidate => (candidate, distance: Distance(name, candidate)))
            .Where(pair => pair.distance <= Math.Max(1, Math.Min(name.Length, pair.candidate.Length) / 3))
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
        return nearest is null ? "" : $"; did you mean {Quote(nearest)}?";
    }

    /// <summary>What to say of a name that the fleet does not have: the nearest, and all that there are.</summary>
    public static string NotThere(string what, string name, ImmutableArray<string> known) =>
        $"there is no {what} {Quote(name)} in the fleet, which has {(known.IsEmpty ? "none" : string.Join(", ", known))}{Suggest(name, known)}";

    private static bool IsUnsafe(char c) => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;

    // Levenshtein's distance, blind to case; names longer than any of ours are simply far away.
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > QuotedCharactersMax)
            return int.MaxValue;
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var current = new int[right.Length + 1];
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + (same ? 0 : 1));
            }
            previous = current;
        }
        return previous[^1];
    }
}
