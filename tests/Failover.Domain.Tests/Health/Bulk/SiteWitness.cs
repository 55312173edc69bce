using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>What one site's prober and reader know of one member; the real machines, fed with what this site gets to see.</summary>
internal sealed class SiteWitness(HealthPolicy policy)
{
    private ProbeWitnessState prober = new();
    private ProgressWitnessState reader = new();
    private double lastRead = double.MinValue;
    private StoreReading? lastReading;

    public bool InDoubt => prober.Answer != Answer.Yes;

    /// <summary>The process starts anew, with what the member's row says of paces.</summary>
    public void Restart(ImmutableArray<RunPace> seeds)
    {
        prober = new ProbeWitnessState();
        reader = new ProgressWitnessState { Seeds = seeds };
        lastRead = double.MinValue;
        lastReading = null;
    }

    public ApiReport? Probe(double at, ProbeOutcome outcome)
    {
        var step = ProbeWitness.Next(prober, outcome, TimeSpan.FromSeconds(at), policy);
        prober = step.State;
        return step.Report;
    }

    public bool ReadIsDue(double at) => InDoubt || at - lastRead >= policy.ReadInterval.TotalSeconds;

    public ProgressReport? Read(double at, StoreReading reading, EvidenceMutant mutant)
    {
        lastRead = at;
        if (mutant == EvidenceMutant.CanaryOff && !reading.Answered && lastReading is not null)
            reading = lastReading;
        lastReading = reading;
        var step = ProgressWitness.Next(reader, new ProgressReading(TimeSpan.FromSeconds(at), InDoubt, [reading]), policy);
        reader = mutant == EvidenceMutant.PausesForgotten ? WithoutPauses(step.State) : step.State;
        return step.Report;
    }

    private static ProgressWitnessState WithoutPauses(ProgressWitnessState state) =>
        state with { Runs = [.. state.Runs.Select(run => run with { Pause = TimeSpan.Zero })] };
}
