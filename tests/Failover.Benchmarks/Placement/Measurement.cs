namespace Failover.Benchmarks.Placement;

/// <summary>One solve of one instance.</summary>
/// <param name="Instance">Its name.</param>
/// <param name="Engine">Who solved it.</param>
/// <param name="Deadline">In seconds; 0: the first feasible plan.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Value">Of the plan; 0: there is none.</param>
/// <param name="Bound">Proven by the engine itself.</param>
/// <param name="Reference">The best upper bound known from elsewhere; absent if there is none.</param>
/// <param name="PeakMB">Resident memory at its highest.</param>
internal sealed record Measurement(string Instance, string Engine, double Deadline, double Seconds, double Value, double? Bound, double? Reference, double PeakMB)
{
    /// <summary>What the engine's own proof leaves open.</summary>
    public double? Gap => Bound > 0 ? (Bound - Value) / Bound : null;

    /// <summary>What is missing to the reference bound.</summary>
    public double? Shortfall => Reference > 0 ? (Reference - Value) / Reference : null;
}
