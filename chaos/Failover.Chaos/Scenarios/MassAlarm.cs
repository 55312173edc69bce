using Failover.Chaos.Worlds;

namespace Failover.Chaos.Scenarios;

/// <summary>
/// Every member is out of reach at once, three times. First their heartbeats still come, and nothing is moved for that. Then the stores are out of our reach as well: it is we who see
/// nothing, the canary says so, and nothing is called lost. Then heartbeats are gone in stores that answer us: all evidence says that everything is lost, and only the brake holds.
/// </summary>
public sealed class MassAlarm : Scenario
{
    private static readonly TimeSpan Alarm = 2 * ConfirmWithin;

    /// <inheritdoc/>
    public override string Name => "mass-alarm";

    /// <inheritdoc/>
    public override string Summary => "every member out of reach at once: with heartbeats, in the dark, then without; nothing may be moved";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(225), TimeSpan.FromSeconds(4), Keep: 3, Awkward: true);

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
        await HealthyAgainAsync(stage, cancellationToken);
        await SeeNothingAsync(stage, members, cancellationToken);
        await HealthyAgainAsync(stage, cancellationToken);

        var last = stage.Now;
        members.ForEach(stage.Nemesis.CutControlPlane);
        stage.World.Plan.Regions.ToList().ForEach(stage.Nemesis.CutTrainers);
        await stage.WaitForAsync("the brake holds", picture => picture.Brake.HeldBecause is not null, 2 * Alarm, cancellationToken);
        stage.Expect("scenario", $"the brake held: {stage.Picture.Brake.HeldBecause}", true, "");
        await stage.PassAsync(ConfirmWithin, cancellationToken);
        foreach (var member in members.Where(member => RunsOn(stage.Picture, member).Count > 0))
            ExpectVerdict(stage, member, "Lost", last);
        stage.World.Plan.Regions.ToList().ForEach(stage.Nemesis.HealTrainers);
        members.ForEach(stage.Nemesis.HealControlPlane);
    }

    /// <summary>Our own way to everything is cut, as when the alarm is ours.</summary>
    private static async Task SeeNothingAsync(Stage stage, List<string> members, CancellationToken cancellationToken)
    {
        var dark = stage.Now;
        stage.Nemesis.CutSiloFromStores();
        members.ForEach(stage.Nemesis.CutControlPlane);
        await stage.PassAsync(Alarm, cancellationToken);
        ExpectNoneLost(stage, dark);
        foreach (var member in members.Where(member => RunsOn(stage.Picture, member).Count > 0))
            ExpectVerdict(stage, member, "Suspect", dark);
        members.ForEach(stage.Nemesis.HealControlPlane);
        stage.Nemesis.HealSiloFromStores();
    }

    private static Task HealthyAgainAsync(Stage stage, CancellationToken cancellationToken) =>
        stage.WaitForAsync("all members are healthy again", picture => picture.Members.All(member => member.Verdict == "Healthy"), Alarm, cancellationToken);
}
