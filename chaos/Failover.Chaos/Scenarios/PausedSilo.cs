using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>The silo is stopped for 45 seconds and goes on without knowing: all it heard last is old, and none of that is evidence. Then again, and a member dies meanwhile.</summary>
public sealed class PausedSilo : Scenario
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(45);

    /// <inheritdoc/>
    public override string Name => "paused-silo";

    /// <inheritdoc/>
    public override string Summary => "the silo is paused for 45 s, twice; the second time a member dies meanwhile";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(170), TimeSpan.FromSeconds(5), Keep: 3, Awkward: true) { Share = 0.45 };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var began = stage.Now;
        await stage.PauseSiloAsync(Pause, cancellationToken);
        await stage.PassAsync(ConfirmWithin, cancellationToken);
        ExpectNoneLost(stage, began);

        var victim = LeastBusyMember(stage.Picture, stage.World.Plan.Members.Select(member => member.Name));
        stage.MustMove = RunsOn(stage.Picture, victim).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        await stage.Nemesis.PowerOffMemberAsync(victim);
        await stage.PauseSiloAsync(Pause, cancellationToken);
        // What it needs is heard anew, from the end of the pause on.
        await ExpectLostAsync(stage, victim, stage.Now, cancellationToken);
        ExpectNoneLost(stage, began, victim);
        stage.Nemesis.PowerOnMember(victim);
    }
}
