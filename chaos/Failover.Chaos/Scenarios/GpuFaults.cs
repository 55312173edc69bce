using Failover.Chaos.Checking;
using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>GPUs fail: of some runs a worker crashes with its device gone, some fail by themselves, and some hang and say nothing. Each of them starts again; no other run does.</summary>
public sealed class GpuFaults : Scenario
{
    /// <inheritdoc/>
    public override string Name => "gpu-faults";

    /// <inheritdoc/>
    public override string Summary => "nodes lose GPUs, runs fail and hang; each starts again, no other does";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(80), TimeSpan.FromSeconds(3), Keep: 3, Awkward: true) { Share = 0.45 };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var began = stage.Now;
        var drawn = stage.Picture.Runs.Where(run => !IsOver(run)).OrderBy(run => run.Spec.Name, StringComparer.Ordinal).ToList();
        var struck = Enumerable.Range(0, 6).Select(_ => Draw(stage, drawn)).ToList();
        stage.MustMove = struck.Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < struck.Count; i++)
        {
            Strike(stage, struck[i], i % 3);
            await stage.PassAsync(TimeSpan.FromMilliseconds(stage.Random.Next(200, 1_500)), cancellationToken);
        }

        await stage.WaitForAsync(
            "each of them was started again", picture => picture.Runs.All(run => !stage.MustMove.Contains(run.Uid) || run.Epoch?.Number > 1), 6 * ConfirmWithin, cancellationToken);
        ExpectNoneLost(stage, began);
    }

    private static StoredRun Draw(Stage stage, List<StoredRun> from)
    {
        var run = from[stage.Random.Next(from.Count)];
        from.Remove(run);
        return run;
    }

    private static void Strike(Stage stage, StoredRun run, int way)
    {
        var member = run.Epoch!.Target.Member;
        var pod = stage.World.Members[member].RunningPods().First(pod => pod.Environment.GetValueOrDefault("FAILOVER_UID") == run.Uid);
        switch (way)
        {
            case 0:
                // Only this run's worker goes: on a node that others share, theirs hold GPUs that are still there.
                stage.Nemesis.LoseGpus(member, pod.Node, 8 - 1, crash: false);
                stage.Nemesis.KillPod(member, pod.Namespace, pod.Name);
                break;
            case 1:
                stage.Nemesis.KillPod(member, pod.Namespace, pod.Name);
                break;
            default:
                stage.Expect("scenario", $"{run.Spec.Name} trained and hangs now", stage.Nemesis.Hang(member, run.Uid), "It did not train.");
                break;
        }
    }
}
