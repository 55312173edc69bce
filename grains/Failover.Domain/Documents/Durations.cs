using System.Globalization;

namespace Failover.Domain.Documents;

/// <summary>Durations as people write them: <c>90s</c>, <c>10m</c>, <c>1h30m</c>, <c>500ms</c>, <c>2d</c>; or ISO 8601 without years and months: <c>PT1H30M</c>.</summary>
public static class Durations
{
    // With nine digits the largest unit still fits a TimeSpan's arithmetic in Int128, and the range is checked once at the end.
    private const int DigitsMax = 9;

    private static readonly (string Name, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    private static readonly (string Name, long Ticks)[] IsoDays = [("D", TimeSpan.TicksPerDay)];

    private static readonly (string Name, long Ticks)[] IsoTimes =
        [("H", TimeSpan.TicksPerHour), ("M", TimeSpan.TicksPerMinute), ("S", TimeSpan.TicksPerSecond)];

    /// <summary>Reads a duration of whole units, largest first, each at most once. Never negative.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        Int128 ticks = 0;
        var understood = text.StartsWith('P') ? TryIso(text.AsSpan(1), ref ticks) : TryParts(text, Units, ref ticks);
        understood = understood && ticks <= TimeSpan.MaxValue.Ticks;
        duration = understood ? new TimeSpan((long)ticks) : default;
        return understood;
    }

    /// <summary>The shortest way to write it in <see cref="Units"/>, exact to the millisecond: <c>1h30m</c>; <c>0s</c> for nothing.</summary>
    public static string Format(TimeSpan duration)
    {
        var rest = duration.Ticks;
        var text = "";
        foreach (var (name, ticks) in Units)
        {
            if (rest / ticks > 0)
                text += string.Create(CultureInfo.InvariantCulture, $"{rest / ticks}{name}");
            rest %= ticks;
        }
        return text.Length == 0 ? "0s" : text;
    }

    private static bool TryIso(ReadOnlySpan<char> text, ref Int128 ticks)
    {
        var at = text.IndexOf('T');
        if (at < 0)
            return TryParts(text, IsoDays, ref ticks);
        return (at == 0 || TryParts(text[..at], IsoDays, ref ticks)) && TryParts(text[(at + 1)..], IsoTimes, ref ticks);
    }

    private static bool TryParts(ReadOnlySpan<char> rest, (string Name, long Ticks)[] units, ref Int128 ticks)
    {
        var next = 0;
        do
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > DigitsMax)
                return false;
            var letters = rest[digits..].IndexOfAnyInRange('0', '9');
            var name = letters < 0 ? rest[digits..] : rest.Slice(digits, letters);
            var unit = IndexOf(units, name, next);
            if (unit < 0)
                return false;
            ticks += (Int128)int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * units[unit].Ticks;
            rest = rest[(digits + name.Length)..];
            next = unit + 1;
        }
        while (!rest.IsEmpty);
        return true;
    }

    private static int IndexOf((string Name, long Ticks)[] units, ReadOnlySpan<char> name, int from)
    {
        for (var index = from; index < units.Length; index++)
        {
            if (name.SequenceEqual(units[index].Name))
                return index;
        }
        return -1;
    }
}
