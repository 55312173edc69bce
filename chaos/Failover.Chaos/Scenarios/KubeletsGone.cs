using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>Half of a member's nodes die, and its API server answers as if nothing were. Gangs that had workers there are moved; the member's others train on.</summary>
public sealed class KubeletsGone : Scenario
{
    /// <inheritdoc/>
    public override string Name => "kubelets-gone";

    /// <inheritdoc/>
    public override string Summary => "half of a member's nodes die under an API server that answers; only gangs with workers there are moved";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(110), TimeSpan.FromSeconds(4), Keep: 3, Awkward: true) { Share = 0.45 };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var began = stage.Now;
        var member = stage.World.Plan.Members.Select(plan => plan.Name).OrderByDescending(name => RunsOn(stage.Picture, name).Count).ThenBy(name => name, StringComparer.Ordinal).First();
        var world = stage.World.Members[member];
        var nodes = world.Nodes.Where((_, index) => index % 2 == 0).ToList();
        var struck = world.RunningPods().Where(pod => nodes.Contains(pod.Node)).Select(pod => pod.Environment["FAILOVER_UID"]).ToHashSet(StringComparer.Ordinal);
        stage.Expect("scenario", "some gangs had workers on the dead nodes, some had not", struck.Count > 0 && struck.Count < RunsOn(stage.Picture, member).Count, $"{struck.Count} had.");
        stage.MustMove = struck;
        stage.Nemesis.KillNodes(member, nodes);
        await stage.WaitForAsync(
            "every gang with workers there was given another place", picture => picture.Runs.All(run => !struck.Contains(run.Uid) || run.Epoch?.Number > 1), 6 * ConfirmWithin, cancellationToken);
        ExpectNoneLost(stage, began);
        stage.Nemesis.ReviveNodes(member, nodes);
    }
}
