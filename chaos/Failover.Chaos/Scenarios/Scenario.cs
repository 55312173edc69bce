using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>One way in which a world is made to suffer, and what must be true in the end. The seed fixes the world and what is left to chance.</summary>
public abstract class Scenario
{
    /// <summary>All scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [new RegionOutage(), new PartitionAndReturn(), new BadCommit(), new SiloCrash()];

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

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    /// <summary>Submits all runs, lets them train, makes them suffer, waits for their end.</summary>
    public async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.SubmitAllAsync(cancellationToken);
        await stage.WaitForAsync("every run trains, is seen to, and has a commit outside its region", AllTrain, StartPatience, cancellationToken);
        await SufferAsync(stage, cancellationToken);
        await stage.WaitForAsync("every run is finished", picture => AllEnded(picture, stage.MayWait), FinishPatience, cancellationToken);
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

    /// <summary>The runs whose current epoch is in a region and that have not ended.</summary>
    protected static IReadOnlyList<StoredRun> RunsIn(Picture picture, string region) =>
        [.. picture.Runs.Where(run => run.Epoch?.Target.Region == region && !IsOver(run))];

    /// <summary>Whether nothing more happens to a run.</summary>
    protected static bool IsOver(StoredRun run) => run.Step is "Finished" or "Cancelled";

    // A run is no witness of its member before its steps were seen to rise twice.
    private static bool AllTrain(Picture picture) =>
        picture.Runs.Count == WorldPlan.RunCount
        && picture.Runs.All(run => run is { Step: "Running", Epoch: { } epoch }
            && picture.Trainer(run.Uid, epoch.Number) is { Started: true, Heartbeats: >= 3 }
            && picture.StoresWithCommits(run.Uid, epoch.Number) >= 2);

    private static bool AllEnded(Picture picture, ISet<string> mayWait) =>
        picture.Runs.All(run => IsOver(run) || (run.Step == "Waiting" && mayWait.Contains(run.Spec.Name)));
}
