using Failover.Chaos.Worlds;
using Failover.Simulator.ApiServer;

namespace Failover.Chaos.Scenarios;

/// <summary>
/// One request in twenty is dropped by every API server; a member browns out, and the store that its heartbeats go to hangs at the same time. Nothing of that is a loss. Then it
/// happens again, and another member truly dies.
/// </summary>
public sealed class Flaky : Scenario
{
    private static readonly TimeSpan BrownOut = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(12);
    private static readonly ApiFault Dropping = new() { DropShare = 0.05 };
    // Slower than a probe waits, and what is answered after all says no as often as not.
    private static readonly ApiFault Ill = new() { Latency = TimeSpan.FromSeconds(2), ThrottleShare = 0.4, ErrorShare = 0.2, DropShare = 0.05 };

    /// <inheritdoc/>
    public override string Name => "flaky";

    /// <inheritdoc/>
    public override string Summary => "probes get lost, a member browns out, a store hangs; and again, with one true loss";

    /// <inheritdoc/>
    public override TrainingShape Training => new(TimeSpan.FromSeconds(110), TimeSpan.FromSeconds(4), Keep: 3, Awkward: true) { Share = 0.45 };

    /// <inheritdoc/>
    protected override TimeSpan FinishPatience => TimeSpan.FromSeconds(240);

    /// <inheritdoc/>
    protected override async Task SufferAsync(Stage stage, CancellationToken cancellationToken)
    {
        var began = stage.Now;
        var members = stage.World.Plan.Members.Select(member => member.Name).ToList();
        members.ForEach(member => stage.Nemesis.BrownOut(member, Dropping));
        var ill = stage.World.Plan.MembersOf(BusiestRegion(stage.Picture)).First(member => RunsOn(stage.Picture, member.Name).Count > 0);
        await SickenAsync(stage, ill, null, cancellationToken);
        ExpectNoneLost(stage, began);
        await stage.PassAsync(Calm, cancellationToken);

        var victim = LeastBusyMember(stage.Picture, members.Where(member => member != ill.Name));
        stage.MustMove = RunsOn(stage.Picture, victim).Select(run => run.Uid).ToHashSet(StringComparer.Ordinal);
        var died = stage.Now;
        await SickenAsync(stage, ill, victim, cancellationToken);
        await ExpectLostAsync(stage, victim, died, cancellationToken);
        ExpectNoneLost(stage, began, victim);
        await stage.PassAsync(Calm, cancellationToken);
        ExpectCalm(stage, began, [.. members.Where(member => member != ill.Name && member != victim)]);
        members.ForEach(member => stage.Nemesis.BrownOut(member, ApiFault.None));
        stage.Nemesis.PowerOnMember(victim);
    }

    /// <summary>
    /// Members of which nothing was wrong but a lost request now and then were hardly ever said not to answer. Three in a row are lost once in thousands; a machine that stands still for
    /// seconds may miss as many at all members, once. Who doubts at the first doubts each of them several times. That they are slow is the machine's, and not counted.
    /// </summary>
    private static void ExpectCalm(Stage stage, DateTimeOffset since, IReadOnlyCollection<string> well)
    {
        var doubts = stage.Picture.Verdicts.Where(seen => seen.At >= since && seen.Verdict is ("Suspect" or "ControlPlaneDown") && well.Contains(seen.Member)).ToList();
        stage.Expect(
            "scenario", $"members that lose a request in twenty were doubted no more often than there are of them: {doubts.Count} times, {well.Count} members", doubts.Count <= well.Count,
            string.Join("; ", doubts.Select(seen => $"{seen.Member} was {seen.Verdict} at {seen.At:T}")));
    }

    private static async Task SickenAsync(Stage stage, MemberPlan ill, string? victim, CancellationToken cancellationToken)
    {
        stage.Nemesis.BrownOut(ill.Name, Ill);
        var stores = stage.World.Plan.Stores.Where(store => victim is null && store.Region != ill.Region).Select(store => store.Name).ToList();
        stores.ForEach(stage.Nemesis.StallStore);
        if (victim is not null)
            await stage.Nemesis.PowerOffMemberAsync(victim);
        await stage.PassAsync(BrownOut, cancellationToken);
        stores.ForEach(stage.Nemesis.UnstallStore);
        stage.Nemesis.BrownOut(ill.Name, Dropping);
    }
}
