using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>
/// Every member is out of reach at once, twice. First their heartbeats still come, and nothing is moved for that. Then those are gone as well, in stores that answer us: all
/// evidence says that everything is lost, and only the brake holds.
/// </summary>
public sealed class MassAlarm : Scenario
{
    private static readonly TimeSpan Alarm = 2 * ConfirmWithin;

    /// <inheritdoc/>
    public override string Name => "mass-alarm";

    /// <inheritdoc/>
    public override string Summary => "every member out of reach at once: with heartbeats, then without; nothing may be moved";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(160), TimeSpan.FromSeconds(4), Keep: 3, Awkward: true);

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        stage.MustMove = new HashSet<string>();
        var members = stage.World.Plan.Members.Select(member => member.Name).ToList();
        var first = stage.Now;
        members.ForEach(stage.Nemesis.CutControlPlane);
        await stage.PassAsync(Alarm, cancellationToken);
        ExpectNoneLost(stage, first);
        foreach (var member in members.Where(member => RunsOn(stage.Picture, member).Count > 0))
            ExpectVerdict(stage, member, "ControlPlaneDown", first);
        members.ForEach(stage.Nemesis.HealControlPlane);
        await stage.WaitForAsync("all members are healthy again", picture => picture.Members.All(member => member.Verdict == "Healthy"), Alarm, cancellationToken);

        var second = stage.Now;
        members.ForEach(stage.Nemesis.CutControlPlane);
        stage.World.Plan.Regions.ToList().ForEach(stage.Nemesis.CutTrainers);
        await stage.WaitForAsync("the brake holds", picture => picture.Brake.HeldBecause is not null, 2 * Alarm, cancellationToken);
        stage.Expect("scenario", $"the brake held: {stage.Picture.Brake.HeldBecause}", true, "");
        await stage.PassAsync(ConfirmWithin, cancellationToken);
        foreach (var member in members.Where(member => RunsOn(stage.Picture, member).Count > 0))
            ExpectVerdict(stage, member, "Lost", second);
        stage.World.Plan.Regions.ToList().ForEach(stage.Nemesis.HealTrainers);
        members.ForEach(stage.Nemesis.HealControlPlane);
    }
}
