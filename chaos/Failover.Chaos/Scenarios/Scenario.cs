using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>One way in which a world is made to suffer, and what must be true in the end. The seed fixes the world and what is left to chance.</summary>
public abstract class Scenario
{
    /// <summary>All scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new RegionOutage(), new PartitionAndReturn(), new BadCommit(), new SiloCrash(),
        new ControlPlaneOutage(), new Flaky(), new MassAlarm(), new KubeletsGone(), new GpuFaults(), new ReturningHerd(), new PausedSilo(),
    ];

    /// <summary>As in the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One line for a list.</summary>
    public abstract string Summary { get; }

    /// <summary>How its runs train.</summary>
    public virtual TrainingShape Training => TrainingShape.Usual;

    /// <summary>Whether it must leave zombies that commit ahead, none of them adopted.</summary>
    public virtual bool ExpectsZombies => false;

    /// <summary>How long the runs get to end once the script is through.</summary>
    protected virtual TimeSpan FinishPatience => TimeSpan.FromSeconds(120);

    /// <summary>From a loss to the verdict, at the silo's defaults.</summary>
    protected static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan CleanPatience = TimeSpan.FromSeconds(90);
    // How long a busy machine takes until everything trains says nothing of the system.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(180);

    /// <summary>Submits all runs, lets them train, makes them suffer, waits for their end.</summary>
    public async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.SubmitAllAsync(cancellationToken);
        await stage.WaitForAsync("every run trains, is seen to, and has a commit outside its region", AllTrain, StartPatience, cancellationToken);
        await SufferAsync(stage, cancellationToken);
        await stage.WaitForAsync("every run is finished", picture => AllEnded(picture, stage.MayWait), FinishPatience, cancellationToken);
        // What came back late is still looked through: stale workloads go though no run needs the room.
        await stage.WaitForAsync(
            "every member is healthy and clean", picture => picture.Members.All(member => member is { Verdict: "Healthy", Clean: true }), CleanPatience, cancellationToken);
        if (stage.MustMove is { } due)
            ExpectMoved(stage, due);
    }

    /// <summary>The script, from the moment at which all runs train.</summary>
    protected abstract Task SufferAsync(Stage stage, CancellationToken cancellationToken);

    /// <summary>The region that has the most of the runs and of their GPUs, each counted as a share, so that what is lost is worth the while.</summary>
    protected static string BusiestRegion(Picture picture)
    {
        var gpus = (double)picture.Runs.Sum(run => run.Spec.Gang.Total);
        return picture.Runs.Where(run => run.Epoch is not null && !IsOver(run))
            .GroupBy(run => run.Epoch!.Target.Region)
            .OrderByDescending(group => (group.Sum(run => run.Spec.Gang.Total) / gpus) + (group.Count() / (double)picture.Runs.Count))
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .First().Key;
    }

    /// <summary>The runs whose current epoch is on a member and that have not ended.</summary>
    protected static IReadOnlyList<StoredRun> RunsOn(Picture picture, string member) =>
        [.. picture.Runs.Where(run => run.Epoch?.Target.Member == member && !IsOver(run))];

    /// <summary>Of a region's members the one with the fewest GPUs in use, but with some.</summary>
    protected static string LeastBusyMember(Picture picture, IEnumerable<string> members) =>
        members.Select(member => (Name: member, Gpus: RunsOn(picture, member).Sum(run => run.Spec.Gang.Total))).Where(member => member.Gpus > 0)
            .OrderBy(member => member.Gpus).ThenBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => member.Name).FirstOrDefault() ?? throw new ScenarioException("No member is in use.");

    /// <summary>
    /// Waits until a member is called lost and says whether that was in time: <see cref="ConfirmWithin"/>, and as long again for a busy machine. The figure stands in the report.
    /// </summary>
    protected static async Task ExpectLostAsync(Stage stage, string member, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await stage.WaitForAsync(
            $"{member} is called lost", picture => picture.Verdicts.Any(seen => seen.Member == member && seen.Verdict == "Lost" && seen.At >= since), 4 * ConfirmWithin, cancellationToken);
        var seen = stage.Picture.Verdicts.First(seen => seen.Member == member && seen.Verdict == "Lost" && seen.At >= since);
        var after = seen.At - since;
        stage.Expect("scenario", $"{member} was called lost in time, after {after.TotalSeconds:0.0} s: {seen.Detail}", after <= 2 * ConfirmWithin, $"After {after.TotalSeconds:0.0} s.");
    }

    /// <summary>Nothing was called lost since then but those.</summary>
    protected static void ExpectNoneLost(Stage stage, DateTimeOffset since, params IReadOnlyCollection<string> but)
    {
        var wrong = stage.Picture.Verdicts.Where(seen => seen.At >= since && seen.Verdict == "Lost" && !but.Contains(seen.Member)).ToList();
        stage.Expect("scenario", "no other member was called lost", wrong.Count == 0, string.Join("; ", wrong.Select(seen => $"{seen.Member}: {seen.Detail}")));
    }

    /// <summary>A member got a verdict at least once since then; the evidence stands in the report.</summary>
    protected static void ExpectVerdict(Stage stage, string member, string verdict, DateTimeOffset since)
    {
        var seen = stage.Picture.Verdicts.FirstOrDefault(seen => seen.Member == member && seen.Verdict == verdict && seen.At >= since);
        stage.Expect("scenario", $"{member} was {verdict}: {seen?.Detail}", seen is not null, $"It was never {verdict}.");
    }

    private static void ExpectMoved(Stage stage, ISet<string> due)
    {
        var moved = stage.Picture.Runs.Where(run => run.Epoch?.Number > 1).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        string Names(IEnumerable<string> uids) => string.Join(", ", stage.Picture.Runs.Where(run => uids.Contains(run.Uid)).Select(run => run.Spec.Name));
        stage.Expect(
            "scenario", $"moved exactly what had to be: {moved.Count} of {due.Count} due", moved.SetEquals(due),
            $"Moved without need: {Names(moved.Except(due))}. Not moved: {Names(due.Except(moved))}.");
    }

    /// <summary>The runs whose current epoch is in a region and that have not ended.</summary>
    protected static IReadOnlyList<StoredRun> RunsIn(Picture picture, string region) =>
        [.. picture.Runs.Where(run => run.Epoch?.Target.Region == region && !IsOver(run))];

    /// <summary>Whether nothing more happens to a run.</summary>
    protected static bool IsOver(StoredRun run) => run.Step is "Finished" or "Cancelled";

    // What dies before the silo knows its pace is no witness of its member's loss; a busy machine may take long to get to know it.
    private static bool AllTrain(Picture picture) => picture.Runs.FirstOrDefault(IsOver) is { } ended
        ? throw new ScenarioException($"{ended.Spec.Name} ended before all runs trained: the machine is too busy to play this.")
        : picture.Runs.Count == WorldPlan.RunCount
        && WitnessesOf(picture) is var witnesses
        && picture.Runs.All(run => run is { Step: "Running", Epoch: { } epoch }
            && picture.Trainer(run.Uid, epoch.Number) is { Started: true } trainer && (trainer.Heartbeats == 0 ? trainer.Commits >= 3 : witnesses.Contains((run.Uid, epoch.Number)))
            && picture.StoresWithCommits(run.Uid, epoch.Number) >= 2);

    private static HashSet<(string Uid, int Epoch)> WitnessesOf(Picture picture) =>
        [.. picture.Members.SelectMany(member => member.Paces).Select(pace => (pace.RunUid, pace.Epoch))];

    private static bool AllEnded(Picture picture, ISet<string> mayWait) =>
        picture.Runs.All(run => IsOver(run) || (run.Step == "Waiting" && mayWait.Contains(run.Spec.Name)));
}
