namespace Failover.Silo.Api;

/// <summary>Who an operator says to be. Nobody checks it until roles exist, and it is stored: so it is bounded, and free of control characters.</summary>
internal static class Operator
{
    private const int LengthMax = 64;

    public static string Of(string by)
    {
        var clean = new string([.. by.Where(c => !char.IsControl(c)).Take(LengthMax)]).Trim();
        return clean.Length == 0 ? "an operator" : clean;
    }
}
