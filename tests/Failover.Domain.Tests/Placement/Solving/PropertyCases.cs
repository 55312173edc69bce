namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>How many cases each of the solver's properties is held to, other ones every time: ten thousand, or what FAILOVER_PROPERTY_CASES asks for.</summary>
internal static class PropertyCases
{
    public static long Count { get; } =
        Environment.GetEnvironmentVariable("FAILOVER_PROPERTY_CASES") is { Length: > 0 } asked ? long.Parse(asked, System.Globalization.CultureInfo.InvariantCulture) : 10_000;
}
