using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>A member's machine: evidence to verdict, the ledger of GPUs, and what it takes to be trusted again.</summary>
public static partial class MemberMachine
{
    /// <summary>A member that nothing is known of yet.</summary>
    public static MemberState Create(string name, string region, DateTimeOffset at) =>
        new() { Name = name, Region = region, Now = at, VerdictSince = at, LastAnswerAt = at };

    /// <summary>What follows from an event. Total: every event is taken in every state.</summary>
    public static MemberTransition Next(MemberState state, MemberEvent memberEvent, MemberPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(memberEvent);
        ArgumentNullException.ThrowIfNull(policy);
        var moved = state with { Now = memberEvent.At > state.Now ? memberEvent.At : state.Now };
        var (applied, answer) = memberEvent is MemberEvent.ReserveRequested request
            ? Reserve(moved, request.Reservation)
            : (Apply(moved, memberEvent), null);
        var (judged, row) = Judge(WithStalls(WithSight(applied, policy), policy), policy);
        var change = judged.Verdict == state.Verdict
            ? null
            : new VerdictChange(state.Verdict, judged.Verdict, judged.Now, judged.TroubleSince, row.Name, judged.VerdictDetail);
        return new MemberTransition(judged, change, answer, Lasting(judged) != Lasting(state));
    }

    /// <summary>Whether new work may be sent there; the region's word comes on top (<see cref="RegionVerdicts"/>).</summary>
    public static TargetAnswer IsTarget(MemberState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state switch
        {
            { Verdict: not MemberVerdict.Healthy } => new TargetAnswer(false, $"It is {state.Verdict}, not Healthy."),
            { Clean: false } => new TargetAnswer(false, "It came back from a loss, and stale epochs may still be there."),
            { StoppedByOwner: true } => new TargetAnswer(false, "Its owner says that it is stopped, or about to be."),
            { Cordoned: true } => new TargetAnswer(false, $"It is cordoned{(state.CordonedBy is { } who ? $" by {who}" : "")}."),
            { Capacity: null } => new TargetAnswer(false, "Its GPUs have not been listed yet."),
            { CapacityStale: true } => new TargetAnswer(false, "Its watch broke off; its GPUs are no longer known."),
            _ => new TargetAnswer(true, "It is Healthy, clean and not cordoned."),
        };
    }

    private static MemberState Apply(MemberState state, MemberEvent memberEvent) => memberEvent switch
    {
        // Evidence of a former activation is void, its verdict is not.
        MemberEvent.Activated => state with { Evidence = [], Stalls = [], LastAnswerAt = state.Now },
        MemberEvent.ApiReported report => Said(state, Witness.Api, report.Site, report.Report),
        MemberEvent.LeasesReported report => Said(state, Witness.Nodes, "", report.Report.Answer, report.Report.For, report.Report.Detail),
        MemberEvent.ProgressReported report => Said(state, report.Site, report.Report),
        MemberEvent.OwnerReported report => state with { StoppedByOwner = report.Stopped },
        MemberEvent.Observed seen => state with
        {
            Capacity = Same(state.Capacity, seen.Capacity),
            BrokenGangs = Broken(state, seen.Capacity),
            SightLostSince = null,
            SightLost = null,
        },
        MemberEvent.LostSight lost => state with { SightLostSince = state.SightLostSince ?? state.Now, SightLost = new SightLoss(lost.Trouble, lost.Detail) },
        MemberEvent.ReleaseRequested release => state with { Reservations = Without(state.Reservations, held => IsReleased(held, release)) },
        MemberEvent.ReservationsReconciled read => state with { Reservations = Without(state.Reservations, held => IsLeaked(held, read)) },
        MemberEvent.SweptClean swept => Swept(state, swept),
        MemberEvent.ConfirmedLost confirmed => state with { ConfirmedLostBy = confirmed.By, ConfirmedLostAt = state.Now, ReturningSince = null },
        MemberEvent.Trusted => Trust(state),
        // The first who said so: a second word changes nothing.
        MemberEvent.Cordoned cordoned => state.Cordoned ? state : state with { Cordoned = true, CordonedBy = cordoned.By, LastCordon = new CordonChange(state.Now, cordoned.By) },
        MemberEvent.Uncordoned uncordoned => !state.Cordoned ? state : state with { Cordoned = false, CordonedBy = null, LastCordon = new CordonChange(state.Now, uncordoned.By) },
        _ => state, // A tick brings nothing but the time.
    };

    private static MemberState Swept(MemberState state, MemberEvent.SweptClean swept)
    {
        // A sweep that began before the member came back did not see what the zombies did since.
        var after = state.ReturnedAt is not { } returned || swept.StartedAt >= returned;
        var cleaned = swept.Clean && swept.Stale.IsEmpty && after && state.Verdict != MemberVerdict.Lost;
        var next = state with { Clean = state.Clean || cleaned, StaleWorkloads = Same(state.StaleWorkloads, swept.Stale) };
        var change = new SweepChange(state.Now, swept.Stale.RemoveAll(state.StaleWorkloads.Contains), state.StaleWorkloads.RemoveAll(swept.Stale.Contains), next.Clean && !state.Clean);
        // Sweeps go on all the time; only one that changed something is worth a word.
        return change is { Found.IsEmpty: true, Gone.IsEmpty: true, Cleaned: false } ? next : next with { LastSweep = change };
    }

    private static MemberState Trust(MemberState state)
    {
        var trusted = state with { ConfirmedLostBy = null, ConfirmedLostAt = null };
        return state.Verdict == MemberVerdict.Lost
            ? trusted with { Verdict = MemberVerdict.Unknown, VerdictSince = state.Now, ReturningSince = null, ReturnedAt = state.Now }
            : trusted;
    }

    /// <summary>What of the state outlives a restart: two states that differ in nothing of it need not be stored twice.</summary>
    private static MemberState Lasting(MemberState state) =>
        state with { Now = default, Evidence = [], Stalls = [], LastRiseAt = null, LastAnswerAt = null };

    /// <summary>What was told already is told again now and then, and need not be stored again.</summary>
    private static CapacitySnapshot Same(CapacitySnapshot? before, CapacitySnapshot now) =>
        before is not null && before.Version == now.Version && before.Workloads.SequenceEqual(now.Workloads)
            && before.Pools.Length == now.Pools.Length && before.Pools.Zip(now.Pools).All(pair => SaySame(pair.First, pair.Second))
            ? before
            : now;

    private static bool SaySame(PoolSnapshot one, PoolSnapshot other) =>
        one == other with { NodesByFreeGpus = one.NodesByFreeGpus, NodesByGpus = one.NodesByGpus }
            && one.NodesByFreeGpus.SequenceEqual(other.NodesByFreeGpus) && one.NodesByGpus.SequenceEqual(other.NodesByGpus);

    private static ImmutableArray<string> Same(ImmutableArray<string> before, ImmutableArray<string> now) => before.SequenceEqual(now) ? before : now;
}
