using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Failover.Silo.Hosting;

/// <summary>One option, as the type that has it declares it: its name, its range, its default. There is no other place that says these.</summary>
public sealed record Setting(PropertyInfo Property, RangeAttribute Range, object Default)
{
    private static readonly ImmutableArray<(TimeSpan Unit, string Name)> Units =
    [
        (TimeSpan.FromDays(1), "d"), (TimeSpan.FromHours(1), "h"), (TimeSpan.FromMinutes(1), "min"), (TimeSpan.FromSeconds(1), "s"), (TimeSpan.FromMilliseconds(1), "ms"),
    ];

    /// <summary>As in the configuration.</summary>
    public string Name => Property.Name;

    /// <summary>The range for people: "100 ms to 1 min", "over 0, to 1", "0 and up".</summary>
    public string RangeText
    {
        get
        {
            if (Default is bool)
                return "true or false";
            if (Default is Enum)
                return string.Join(" or ", Enum.GetNames(Default.GetType()));
            // The limits of a range of durations are texts until they are asked for something.
            Range.IsValid(Default);
            var (from, to) = (Text(Range.Minimum), Text(Range.Maximum));
            return Range.MinimumIsExclusive ? $"over {from}, to {to}" : Convert.ToDouble(Seconds(Range.Maximum), CultureInfo.InvariantCulture) >= long.MaxValue ? $"{from} and up" : $"{from} to {to}";
        }
    }

    /// <summary>The settings of a type, in the order in which it declares them. What has no range is not set by configuration.</summary>
    public static ImmutableArray<Setting> Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        var defaults = Activator.CreateInstance(type)!;
        return
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Select(property => (Property: property, Range: property.GetCustomAttribute<RangeAttribute>()))
                .Where(found => found.Range is not null)
                .Select(found => new Setting(found.Property, found.Range!, found.Property.GetValue(defaults)!)),
        ];
    }

    /// <summary>What is written, if it can be read and is in range; else what is wrong with it, and what to write.</summary>
    public (object? Value, string? Fault) Read(string? written)
    {
        var value = Parse(written);
        return value is not null && Range.IsValid(value)
            ? (value, null)
            : (null, $"is {(written is null ? "not a single value" : $"'{written}'")}; write {Kind}, {RangeText}, or leave it out for {Text(Default)}.");
    }

    /// <summary>A value for people.</summary>
    public static string Text(object value)
    {
        if (value is bool yes)
            return yes ? "true" : "false";
        if (value is not TimeSpan span)
            return Convert.ToString(value, CultureInfo.InvariantCulture)!;
        if (span == TimeSpan.Zero)
            return "0";
        var (unit, name) = Units.FirstOrDefault(unit => span.Ticks % unit.Unit.Ticks == 0, Units[^1]);
        return string.Create(CultureInfo.InvariantCulture, $"{span / unit} {name}");
    }

    /// <summary>To compare settings of one kind by.</summary>
    internal static double Seconds(object value) => value is TimeSpan span ? span.TotalSeconds : Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private string Kind => Default switch
    {
        TimeSpan => "a duration as [days.]hours:minutes:seconds",
        double => "a number",
        bool or Enum => "a word",
        _ => "a whole number",
    };

    private object? Parse(string? written) => Default switch
    {
        TimeSpan => TimeSpan.TryParse(written, CultureInfo.InvariantCulture, out var span) ? span : null,
        int => int.TryParse(written, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null,
        long => long.TryParse(written, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null,
        bool => bool.TryParse(written, out var yes) ? yes : null,
        // Numbers are no names, though they could be read as such.
        Enum => Enum.GetNames(Default.GetType()).FirstOrDefault(name => string.Equals(name, written, StringComparison.OrdinalIgnoreCase)) is { } known ? Enum.Parse(Default.GetType(), known) : null,
        double => double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => throw new InvalidOperationException($"{Property.DeclaringType!.Name}.{Name}: a range of {Default.GetType().Name} is not understood."),
    };
}
