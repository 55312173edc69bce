using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Cli;

/// <summary>Values as people read them.</summary>
internal static class Printable
{
    /// <summary>Without control and formatting characters: what users named their runs must not steer a terminal.</summary>
    public static string Clean(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '?' : c));

    /// <summary>In the largest two units: <c>3m12s</c>, <c>2h05m</c>, <c>6d01h</c>. An age below zero (clocks differ) is 0s.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { Ticks: <= 0 } => "0s",
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds}s",
        { TotalHours: < 1 } => $"{(int)span.TotalMinutes}m{span.Seconds:00}s",
        { TotalDays: < 1 } => $"{(int)span.TotalHours}h{span.Minutes:00}m",
        _ => $"{(int)span.TotalDays}d{span.Hours:00}h",
    };

    public static string Age(Timestamp? at, TimeProvider time) => at is null ? "-" : Span(time.GetUtcNow() - at.ToDateTimeOffset());

    public static string Time(Timestamp? at) => at is null ? "-" : at.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string OrDash(string text) => text.Length == 0 ? "-" : text;
}
