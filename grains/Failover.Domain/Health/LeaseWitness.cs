namespace Failover.Domain.Health;

/// <summary>What a member's watcher knows of its nodes. Times are readings of one monotonic clock.</summary>
public sealed record LeaseWitnessState(Answer Answer = Answer.Unknown, TimeSpan Since = default, TimeSpan? ReportedAt = null);

/// <summary>What follows from a look at the nodes; no report where there is nothing new to tell.</summary>
public sealed record LeaseStep(LeaseWitnessState State, LeaseReport? Report);

/// <summary>Whether a member's nodes are alive, as a pure machine: a node is, if it is ready and renews its lease.</summary>
public static class LeaseWitness
{
    /// <summary>What follows from nodes in all, ready ones, and ones whose lease was renewed lately (each 0 or more), seen at <paramref name="now"/>.</summary>
    public static LeaseStep Next(LeaseWitnessState state, int nodes, int ready, int leasesRenewed, TimeSpan now, HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        var alive = Math.Min(ready, leasesRenewed);
        var share = nodes <= 0 ? 0 : Math.Min(1, (double)alive / nodes);
        var answer = Decide(state.Answer, nodes, share, policy);
        var changed = answer != state.Answer;
        var after = state with { Answer = answer, Since = changed ? now : state.Since };
        var refresh = answer == Answer.No ? policy.RefreshInDoubt : policy.Refresh;
        if (!changed && (state.ReportedAt is not { } told || now - told < refresh))
            return new LeaseStep(after, null);
        var detail = $"{alive} of {nodes} nodes alive ({ready} ready, {leasesRenewed} leases renewed)";
        return new LeaseStep(after with { ReportedAt = now }, new LeaseReport(answer, share, now - after.Since, detail));
    }

    private static Answer Decide(Answer before, int nodes, double share, HealthPolicy policy) =>
        nodes <= 0 ? Answer.Unknown
        : share < policy.NodesAliveMin ? Answer.No
        : before == Answer.No && share < policy.NodesAliveAgain ? Answer.No
        : Answer.Yes;
}
