namespace Failover.Chaos.Scenarios;

/// <summary>The silo is killed five times, at drawn moments of a region's outage, and started again at once.</summary>
public sealed class SiloCrash : Scenario
{
    private const int Crashes = 5;

    private static readonly string[] NotMoving = ["Waiting", "Finished", "Cancelled", "Finishing"];


    /// <inheritdoc/>
    public override string Name => "silo-crash";

    /// <inheritdoc/>
    public override string Summary => "a region dies, and the silo with it, five times over, at drawn moments of the failover";

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(180);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var region = BusiestRegion(stage.Picture);
        // Drawn before anything happens, so that the seed alone decides: one while the loss is being judged, the others each so long after moves are under way.
        var early = TimeSpan.FromMilliseconds(stage.Random.Next(500, 6_000));
        var pauses = Enumerable.Range(1, Crashes - 1).Select(_ => TimeSpan.FromMilliseconds(stage.Random.Next(0, 1_500))).ToList();
        await stage.Nemesis.PowerOffAsync(region);
        await stage.PassAsync(early, cancellationToken);
        await stage.CrashSiloAsync(cancellationToken);
        foreach (var pause in pauses)
        {
            await stage.WaitForAsync("runs are being moved", picture => picture.Runs.Any(IsMoved), TimeSpan.FromSeconds(60), cancellationToken);
            await stage.PassAsync(pause, cancellationToken);
            await stage.CrashSiloAsync(cancellationToken);
        }
        stage.Nemesis.PowerOn(region);
        stage.Expect("scenario", "the silo was killed and came back", stage.Silo.Starts == Crashes + 1, $"It was started {stage.Silo.Starts} times.");
    }

    private static bool IsMoved(Checking.StoredRun run) => !NotMoving.Contains(run.Step) && (run.Epoch?.Number > 1 || run.Move is { Cause: not "Initial" });
}
