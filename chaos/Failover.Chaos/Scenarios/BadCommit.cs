using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;
using Grpc.Core;

namespace Failover.Chaos.Scenarios;

/// <summary>A region dies, and of what its runs left in other regions the newest commits are corrupt; of one run everything is, everywhere.</summary>
public sealed class BadCommit : Scenario
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <inheritdoc/>
    public override string Name => "bad-commit";

    /// <inheritdoc/>
    public override string Summary => "a region dies, and the newest copies of its runs' commits are corrupt; of one run all of them";

    // Nothing is pruned, so that there is something to fall back to, and so that all of one run's commits can be struck.
    /// <inheritdoc/>
    public override TrainingShape Training => TrainingShape.Usual with { Keep = 0 };

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var region = BusiestRegion(stage.Picture);
        await stage.Nemesis.PowerOffAsync(region);
        var lost = RunsIn(stage.Picture, region).OrderBy(run => run.Spec.Gang.Total).ThenBy(run => run.Spec.Name, StringComparer.Ordinal).ToList();
        // The smallest, so that what keeps it waiting is its checkpoints and not its size.
        var doomed = lost[0];
        var struck = CorruptAll(stage, doomed);
        stage.Expect("scenario", "all of one run's commits were struck", struck > 0, $"{doomed.Spec.Name} has no commits.");
        var others = lost.Skip(1).Select((run, index) => (Run: run, Way: index % 4)).ToList();
        foreach (var (run, way) in others)
            CorruptSome(stage, run, way, region);
        await stage.WaitForAsync(
            $"{doomed.Spec.Name} waits for a good checkpoint, and says so", picture => Waits(picture, doomed.Uid, "NoGoodCheckpoint", "LineageUnknown"), Patience, cancellationToken);
        await stage.PassAsync(TimeSpan.FromSeconds(2 + stage.Random.Next(4)), cancellationToken);
        stage.Nemesis.PowerOn(region);
        // Its own region's copies are bad as well: the return alone must not start it.
        await stage.PassAsync(TimeSpan.FromSeconds(8), cancellationToken);
        await stage.WaitForAsync(
            $"{doomed.Spec.Name} still waits after the return", picture => Waits(picture, doomed.Uid, "NoGoodCheckpoint"), Patience, cancellationToken);
        await StartFromNothingAsync(stage, doomed, cancellationToken);
    }

    private static async Task StartFromNothingAsync(Stage stage, StoredRun run, CancellationToken cancellationToken)
    {
        try
        {
            await stage.Silo.Client.StartFromNothingAsync(run.Uid, cancellationToken);
            stage.Picture.Say($"operator: {run.Spec.Name} starts from nothing");
        }
        catch (RpcException fault)
        {
            throw new ScenarioException($"{run.Spec.Name} could not be started from nothing: {fault.Status.Detail}", fault);
        }
    }

    /// <summary>While the lost region's store is out of reach it may hold a good copy; only its return shows that there is none.</summary>
    private static bool Waits(Picture picture, string uid, params string[] reasons) =>
        picture.Runs.First(run => run.Uid == uid) is { Step: "Waiting", Waiting: { Detail.Length: > 0 } wait } && reasons.Contains(wait.Reason);

    private static int CorruptAll(Stage stage, StoredRun run) =>
        (from store in stage.World.Plan.Stores
         from commit in stage.World.Stores.ListCommits(store.Name, WorldPlan.Tenant, run.Uid)
         select stage.Nemesis.Corrupt(store.Name, run.Uid, commit, keepModificationTime: false)).Count(done => done);

    /// <summary>Ways: the newest copy outside the region, visibly; the same with its time kept; the newest two; and none, for comparison.</summary>
    private static void CorruptSome(Stage stage, StoredRun run, int way, string region)
    {
        if (way == 3)
            return;
        foreach (var store in stage.World.Plan.Stores.Where(store => store.Region != region))
        {
            var commits = stage.World.Stores.ListCommits(store.Name, WorldPlan.Tenant, run.Uid);
            // At least one good commit is left to fall back to.
            foreach (var commit in commits.Skip(1).TakeLast(way == 2 ? 2 : 1))
                stage.Nemesis.Corrupt(store.Name, run.Uid, commit, keepModificationTime: way == 1);
        }
    }
}
