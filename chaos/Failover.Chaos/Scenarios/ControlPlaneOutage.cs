using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>
/// All API servers of a region are down for ten times as long as a loss takes to be confirmed, and its trainers train on: some commit seldom, some show commits only, some were
/// just started and still load. Meanwhile a member elsewhere truly dies.
/// </summary>
public sealed class ControlPlaneOutage : Scenario
{
    private static readonly TimeSpan Outage = 10 * ConfirmWithin;

    /// <inheritdoc/>
    public override string Name => "control-plane-outage";

    /// <inheritdoc/>
    public override string Summary => "all API servers of a region are down for long, its trainers train on; one member elsewhere truly dies";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(255), TimeSpan.FromSeconds(5), Keep: 3, Awkward: true)
    {
        Share = 0.45,
        SomeSlow = true,
        Late = new LateRuns(4, Nodes: 1, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20)),
    };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.SubmitLateAsync(cancellationToken);
        await stage.WaitForAsync(
            "the late runs were started and load", picture => picture.Runs.Count(run => IsLate(run) && run.Step == "Verifying") == stage.World.Plan.Late.Count,
            ConfirmWithin, cancellationToken);
        // Where those are that load, so that they start behind an API server that is out of reach.
        var region = stage.Picture.Runs.Last(run => IsLate(run)).Epoch!.Target.Region;
        var began = stage.Now;
        var cut = stage.World.Plan.MembersOf(region).Select(member => member.Name).ToList();
        cut.ForEach(stage.Nemesis.CutControlPlane);
        await stage.PassAsync(Outage / 4, cancellationToken);

        var victim = LeastBusyMember(stage.Picture, stage.World.Plan.Members.Where(member => member.Region != region).Select(member => member.Name));
        stage.MustMove = RunsOn(stage.Picture, victim).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        var died = stage.Now;
        await stage.Nemesis.PowerOffMemberAsync(victim);
        await ExpectLostAsync(stage, victim, died, cancellationToken);
        await stage.PassAsync(began + Outage - stage.Now, cancellationToken);

        foreach (var member in cut.Where(member => stage.Picture.Runs.Any(run => run.Epoch?.Target.Member == member)))
            ExpectVerdict(stage, member, "ControlPlaneDown", began);
        ExpectNoneLost(stage, began, victim);
        cut.ForEach(stage.Nemesis.HealControlPlane);
        stage.Nemesis.PowerOnMember(victim);
    }

    private static bool IsLate(StoredRun run) => run.Spec.Name.StartsWith("late-", StringComparison.Ordinal);
}
