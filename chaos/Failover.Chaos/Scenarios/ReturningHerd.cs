using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>A region is cut off, its runs are moved, and forty more are submitted that find no room. It returns, full of zombies: they go first, and then the herd starts.</summary>
public sealed class ReturningHerd : Scenario
{
    private const int Herd = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <inheritdoc/>
    public override string Name => "returning-herd";

    /// <inheritdoc/>
    public override string Summary => "a cut-off region returns with its zombies, while forty runs wait for room";

    /// <inheritdoc/>
    public override bool ExpectsZombies => true;

    // Some of the herd find room between the others; at least forty don't.
    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(5), Keep: 3, Awkward: false)
    {
        Late = new LateRuns(Herd + 28, Nodes: 4, TimeSpan.FromSeconds(15), TimeSpan.Zero),
    };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var region = BusiestRegion(stage.Picture);
        var lost = RunsIn(stage.Picture, region).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        stage.Nemesis.Partition(region);
        await stage.WaitForAsync(
            "the runs of the cut-off region train elsewhere, or find no room",
            picture => picture.Runs.Where(run => lost.Contains(run.Uid)).All(run => run is { Step: "Running", Epoch.Number: > 1 } or { Step: "Waiting", Waiting.Reason: "NoFit" }), Patience, cancellationToken);
        await stage.SubmitLateAsync(cancellationToken);
        await stage.WaitForAsync($"{Herd} runs wait for room", picture => picture.Runs.Count(run => run is { Step: "Waiting", Waiting.Reason: "NoFit" }) >= Herd, Patience, cancellationToken);
        stage.Expect("scenario", $"{Herd} runs waited for room as the region came back", true, "");
        stage.Nemesis.Heal(region);
    }
}
