namespace Failover.Chaos.Scenarios;

/// <summary>The silo is killed five times, at drawn moments of a region's outage, and started again at once.</summary>
public sealed class SiloCrash : Scenario
{
    private const int Crashes = 5;

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
        // Drawn before anything happens, so that the seed alone decides; the last ones fall into the launches and the return.
        var pauses = Enumerable.Range(0, Crashes).Select(_ => TimeSpan.FromMilliseconds(stage.Random.Next(500, 9_000))).ToList();
        await stage.Nemesis.PowerOffAsync(region);
        foreach (var pause in pauses)
        {
            await stage.PassAsync(pause, cancellationToken);
            await stage.CrashSiloAsync(cancellationToken);
        }
        stage.Nemesis.PowerOn(region);
        stage.Expect("scenario", "the silo was killed and came back", stage.Silo.Starts == Crashes + 1, $"It was started {stage.Silo.Starts} times.");
    }
}
