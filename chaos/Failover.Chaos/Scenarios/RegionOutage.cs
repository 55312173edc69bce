using Failover.Chaos.Checking;

namespace Failover.Chaos.Scenarios;

/// <summary>A region loses its power while all runs train, and gets it back before they end.</summary>
public sealed class RegionOutage : Scenario
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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
        stage.Expect("scenario", "some runs were lost with the region", lost.Count > 0, $"No run was in {region}.");
        // The runs ask for more than what two regions have, so that one waits at the least.
        await stage.WaitForAsync("what has no room waits, and says so", picture => picture.Runs.Any(run => lost.Contains(run.Uid) && HasNoRoom(run)), Patience, cancellationToken);
        stage.Expect("scenario", "what had no room said so", true, "");
        await stage.PassAsync(TimeSpan.FromSeconds(3 + stage.Random.Next(5)), cancellationToken);
        stage.Nemesis.PowerOn(region);
    }

    private static bool HasNoRoom(StoredRun run) => run is { Step: "Waiting", Waiting: { Reason: "NoFit", Detail.Length: > 0 } };
}
