namespace Failover.Chaos.Scenarios;

/// <summary>A region loses its power while all runs train, and gets it back before they end.</summary>
public sealed class RegionOutage : Scenario
{
    /// <inheritdoc/>
    public override string Name => "region-outage";

    /// <inheritdoc/>
    public override string Summary => "a region dies while all runs train, and returns; what has no room waits for it";

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var region = BusiestRegion(stage.Picture);
        var lost = RunsIn(stage.Picture, region).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        await stage.Nemesis.PowerOffAsync(region);
        await stage.PassAsync(TimeSpan.FromSeconds(22 + stage.Random.Next(5)), cancellationToken);
        stage.Expect("scenario", "some runs were lost with the region", lost.Count > 0, $"No run was in {region}.");
        stage.Expect(
            "scenario", "what had no room said so",
            stage.Picture.Runs.Where(run => lost.Contains(run.Uid)).All(run => run.Step != "Waiting" || !string.IsNullOrEmpty(run.Waiting?.Detail)),
            "A run waited without a reason.");
        stage.Nemesis.PowerOn(region);
    }
}
