using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>
/// The brake (I6). Within the window, one whole region passes, or a share of the fleet's GPUs and of its runs; more of either, or everything at once, makes us suspect
/// ourselves: it holds all new involuntary moves, and those that have their permit go on. It lets go when a person releases it, or when the evidence
/// returned, that is when what is displaced has been back within the limit for a while. The window does not age while it holds: waiting is no evidence.
/// </summary>
public static class BrakeMachine
{
    /// <summary>What follows from an event.</summary>
    public static BrakeTransition Next(BrakeState state, BrakeEvent brakeEvent, BrakePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(brakeEvent);
        ArgumentNullException.ThrowIfNull(policy);
        var now = brakeEvent.At > state.Now ? brakeEvent.At : state.Now;
        var moved = state with { Now = now, Permits = state.Permits.RemoveAll(permit => now - permit.At > policy.PermitMemory) };
        var (after, answers) = brakeEvent switch
        {
            BrakeEvent.Requested asked => Decide(moved, asked, policy),
            BrakeEvent.Released released => (Release(moved, new BrakeRelease(released.By, now)), []),
            BrakeEvent.IndependentEvidence evidence => (Confirm(moved, evidence), []),
            _ => (moved, []), // A tick brings nothing but the time.
        };
        return new BrakeTransition(after, answers, after with { Now = state.Now } != state);
    }

    private static (BrakeState State, ImmutableArray<PermitAnswer> Answers) Decide(BrakeState state, BrakeEvent.Requested asked, BrakePolicy policy)
    {
        var permitted = state.Permits.Select(permit => (permit.RunUid, permit.Epoch)).ToHashSet();
        var free = asked.Displaced.Where(move => !permitted.Contains((move.RunUid, move.Epoch)) && IsLetPass(state, move)).ToHashSet();
        var open = asked.Displaced.Where(move => !permitted.Contains((move.RunUid, move.Epoch)) && !free.Contains(move)).ToHashSet();
        var after = Hold(state, open, asked.Fleet, policy);
        var held = after.HeldBecause;
        after = Grant(after, free, charged: false);
        if (held is null)
            after = Grant(after, open, charged: true);
        return (after, [.. asked.Displaced.Select(move => open.Contains(move) && held is not null
            ? new PermitAnswer(move.RunUid, move.Epoch, false, held)
            : new PermitAnswer(move.RunUid, move.Epoch, true, "Permitted."))]);
    }

    private static BrakeState Hold(BrakeState state, HashSet<MoveRequest> open, FleetTotals fleet, BrakePolicy policy)
    {
        var excess = open.Count == 0 ? null : Excess(state, open, fleet, policy);
        if (excess is not null)
            return state with { HeldBecause = excess, HeldSince = state.HeldSince ?? state.Now, CalmSince = null };
        if (state.HeldBecause is null)
            return state;
        var calm = state with { CalmSince = state.CalmSince ?? state.Now };
        return state.Now - calm.CalmSince >= policy.CalmFor ? calm with { HeldBecause = null, HeldSince = null, CalmSince = null } : calm;
    }

    /// <summary>Why these can't pass on top of what is charged in the window, or <see langword="null"/> where they can.</summary>
    private static string? Excess(BrakeState state, HashSet<MoveRequest> open, FleetTotals fleet, BrakePolicy policy)
    {
        if (fleet.Members > 0 && fleet.MembersOutOfReach >= fleet.Members)
            return "Every member is out of reach at once: it is likelier to be us.";
        var charged = Charged(state, policy);
        var (gpus, runs) = (charged.Sum(permit => permit.Gpus) + open.Sum(move => move.Gpus), charged.Length + open.Count);
        var regions = charged.Select(permit => permit.Region).Concat(open.Select(move => move.Region)).Distinct(StringComparer.Ordinal).Count();
        if (regions <= 1)
            return null;
        if (gpus >= fleet.Gpus)
            return $"All {fleet.Gpus} GPUs in {regions} regions at once: it is likelier to be us.";
        if (gpus > fleet.Gpus * policy.ShareMax)
            return Over(gpus, fleet.Gpus, "GPUs", policy.ShareMax);
        return runs > fleet.Runs * policy.RunShareMax ? Over(runs, fleet.Runs, "runs", policy.RunShareMax) : null;

        string Over(int moved, int all, string what, double share) =>
            $"{moved} of {all} {what} in {regions} regions within {policy.Window.TotalMinutes:0} min: more than one whole region, and more than {share:P0}.";
    }

    /// <summary>The permits that count against the budget now: of the window, which stands still while the brake holds, and since the last release.</summary>
    public static ImmutableArray<Permit> Charged(BrakeState state, BrakePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        var from = (state.HeldSince ?? state.Now) - policy.Window;
        return [.. state.Permits.Where(permit => permit.Charged && permit.At > from && !(permit.At <= state.Release?.At))];
    }

    private static bool IsLetPass(BrakeState state, MoveRequest move) =>
        move.DisplacedAt <= state.Release?.At
        || state.Confirmed.Any(confirmed => confirmed.Region == move.Region && move.DisplacedAt <= confirmed.At);

    private static BrakeState Grant(BrakeState state, HashSet<MoveRequest> moves, bool charged)
    {
        if (moves.Count == 0)
            return state;
        // A permit of an earlier epoch of the same run still counts in its window.
        var permits = moves.OrderBy(move => move.RunUid, StringComparer.Ordinal).ThenBy(move => move.Epoch)
            .DistinctBy(move => (move.RunUid, move.Epoch))
            .Select(move => new Permit(move.RunUid, move.Epoch, move.Region, move.Gpus, state.Now) { Charged = charged });
        return state with { Permits = [.. state.Permits, .. permits] };
    }

    private static BrakeState Release(BrakeState state, BrakeRelease release) =>
        state with { Release = release, HeldBecause = null, HeldSince = null, CalmSince = null };

    private static BrakeState Confirm(BrakeState state, BrakeEvent.IndependentEvidence evidence)
    {
        var fresh = evidence.Regions.Distinct(StringComparer.Ordinal).Select(region => new ConfirmedRegion(region, evidence.Kind, state.Now));
        return state with { Confirmed = [.. state.Confirmed.Where(old => !evidence.Regions.Contains(old.Region)), .. fresh] };
    }
}
