using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;
using Failover.Simulator.History;
using Grpc.Core;

namespace Failover.Chaos.Scenarios;

/// <summary>
/// A region is cut off and trains on; its runs are moved. Then it is healed, and where most of them went dies before they have made a commit: what lies in
/// reach is then what their zombies committed meanwhile, further ahead than anything that counts.
/// </summary>
public sealed class PartitionAndReturn : Scenario
{
    private const int ReleasesMost = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan BetweenReleases = TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public override string Name => "partition-and-return";

    /// <inheritdoc/>
    public override string Summary => "a region is cut off and trains on, returns, and then its runs' new homes die before their first commit";

    /// <inheritdoc/>
    public override bool ExpectsZombies => true;

    // Commits are slow enough for a new home to die before its first one, and quick enough for zombies to get ahead while they are cut off.
    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(75), TimeSpan.FromSeconds(10), Keep: 3, Awkward: false);

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(180);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var picture = stage.Picture;
        var region = BusiestRegion(picture);
        var lost = RunsIn(picture, region).ToDictionary(run => run.Uid, run => run.Epoch!.Number, StringComparer.Ordinal);
        stage.Nemesis.Partition(region);
        await stage.WaitForAsync(
            "a run of the cut-off region trains elsewhere, its zombie commits ahead of it", _ => Zombies(picture, lost).Count > 0, Patience, cancellationToken);
        stage.Nemesis.Heal(region);
        var home = picture.Runs.Where(run => HasStarted(picture, run, lost)).GroupBy(run => run.Epoch!.Target.Region)
            .OrderByDescending(group => group.Count(run => picture.Trainer(run.Uid, run.Epoch!.Number).Commits == 0))
            .ThenBy(group => group.Key, StringComparer.Ordinal).First().Key;
        var uncommitted = RunsIn(picture, home).Where(run => HasStarted(picture, run, lost) && picture.Trainer(run.Uid, run.Epoch!.Number).Commits == 0).ToList();
        await stage.Nemesis.PowerOffAsync(home);
        stage.Expect("scenario", "new homes died before their first commit", uncommitted.Count > 0, $"No moved run in {home} was without a commit.");
        await ReleaseAsync(stage, home, cancellationToken);
        await stage.PassAsync(TimeSpan.FromSeconds(15 + stage.Random.Next(6)), cancellationToken);
        stage.Nemesis.PowerOn(home);
    }

    /// <summary>Plays the operator: looks at what the brake holds, and releases it. Only what is displaced by then passes, so it may hold again.</summary>
    private static async Task ReleaseAsync(Stage stage, string home, CancellationToken cancellationToken)
    {
        await stage.WaitForAsync("the brake holds the second loss", picture => picture.Brake.HeldBecause is not null, Patience, cancellationToken);
        stage.Expect("scenario", "the brake held the second loss", true, "");
        for (var release = 1; release <= ReleasesMost; release++)
        {
            try
            {
                await stage.Silo.Client.ReleaseBrakeAsync(cancellationToken);
            }
            catch (RpcException fault)
            {
                throw new ScenarioException($"The brake could not be released: {fault.Status.Detail}", fault);
            }
            stage.Picture.Say($"operator: the brake is released, {release} of at most {ReleasesMost}");
            await stage.PassAsync(BetweenReleases, cancellationToken);
            if (stage.Picture.Brake.HeldBecause is null && RunsIn(stage.Picture, home).All(run => run.Waiting?.Reason != "BrakeHeld"))
                return;
        }
    }

    private static bool HasStarted(Picture picture, StoredRun run, Dictionary<string, int> lost) =>
        lost.TryGetValue(run.Uid, out var epoch) && run.Epoch!.Number > epoch && picture.Trainer(run.Uid, run.Epoch.Number).Started;

    /// <summary>Runs that train elsewhere without a commit of their own yet, and whose zombies have committed beyond what they resumed from.</summary>
    private static List<StoredRun> Zombies(Picture picture, Dictionary<string, int> lost)
    {
        var commits = picture.Events.OfType<CommitTried>().Where(tried => tried.Outcome == CommitOutcome.Committed).ToList();
        return [.. picture.Runs.Where(run => HasStarted(picture, run, lost)
            && picture.Trainer(run.Uid, run.Epoch!.Number).Commits == 0
            && commits.Exists(tried => tried.Trainer.Uid == run.Uid && tried.Trainer.Epoch == lost[run.Uid] && tried.Step > run.Epoch.ResumeStep))];
    }
}
