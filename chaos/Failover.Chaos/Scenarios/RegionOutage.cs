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

    // Long enough for the most to be under way still when what was lost looks for room.
    /// <inheritdoc/>
    public override Worlds.TrainingShape Training => Worlds.TrainingShape.Usual with { TrainFor = TimeSpan.FromSeconds(36) };

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var region = BusiestRegion(stage.Picture);
        var lost = RunsIn(stage.Picture, region).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        await stage.Nemesis.PowerOffAsync(region);
        stage.Expect("scenario", "some runs were lost with the region", lost.Count > 0, $"No run was in {region}.");
        await stage.WaitForAsync(
            "every lost run has another place, or waits for room and says so", picture => picture.Runs.Where(run => lost.Contains(run.Uid)).All(run => IsOver(run) || HasNoRoom(run) || HasMoved(run)),
            Patience, cancellationToken);
        var (wanted, room) = (stage.Picture.Runs.Where(run => !IsOver(run)).Sum(run => run.Spec.Gang.Total), stage.World.Plan.Members.Where(member => member.Region != region).Sum(member => member.Gpus));
        var waiting = stage.Picture.Runs.Count(HasNoRoom);
        stage.Expect("scenario", $"what had no room said so: {waiting} runs, as {wanted} GPUs were wanted and {room} were left", wanted <= room || waiting > 0, "None waits.");
        await stage.PassAsync(TimeSpan.FromSeconds(3 + stage.Random.Next(5)), cancellationToken);
        stage.Nemesis.PowerOn(region);
    }

    private static bool HasMoved(StoredRun run) => run.Epoch?.Number > 1;

    private static bool HasNoRoom(StoredRun run) => run is { Step: "Waiting", Waiting: { Reason: "NoFit", Detail.Length: > 0 } };
}
