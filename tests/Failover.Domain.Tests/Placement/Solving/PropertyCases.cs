namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>
/// How many cases each of the solver's properties is held to: a thousand, other ones every time, where the tests run often; FAILOVER_PROPERTY_CASES asks for
/// more, as before a release, where it is 10,000 at the least.
/// </summary>
internal static class PropertyCases
{
    public static long Count { get; } =
        Environment.GetEnvironmentVariable("FAILOVER_PROPERTY_CASES") is { Length: > 0 } asked ? long.Parse(asked, System.Globalization.CultureInfo.InvariantCulture) : 1_000;
}
