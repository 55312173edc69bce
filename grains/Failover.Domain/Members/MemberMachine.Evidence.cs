using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>The names of witnesses in <see cref="Evidence"/>.</summary>
public static class Witness
{
    /// <summary>The API server, from a site.</summary>
    public const string Api = "api";

    /// <summary>Whether what the API answers is well, from a site: No where it is slow or errors.</summary>
    public const string Ready = "ready";

    /// <summary>Our credentials, from a site: No where they are refused.</summary>
    public const string Credentials = "credentials";

    /// <summary>Nodes and their leases, from the member's watcher.</summary>
    public const string Nodes = "nodes";

    /// <summary>Progress of runs, from a site.</summary>
    public const string Progress = "progress";
}

public static partial class MemberMachine
{
    private static MemberState Said(
        MemberState state, string witness, string site, Answer answer, TimeSpan duration, string detail, ApiTrouble trouble = ApiTrouble.None)
    {
        var said = new Evidence(witness, site, answer, duration, state.Now, detail) { Trouble = trouble };
        return state with { Evidence = [.. state.Evidence.Where(old => old.Witness != witness || old.Site != site), said] };
    }

    private static MemberState Said(MemberState state, string witness, string site, ApiReport report)
    {
        var told = Said(state, witness, site, report.Refused ? Answer.Unknown : report.Answer, report.For, report.Detail, report.Trouble);
        told = Said(told, Witness.Ready, site, report.Ill ? Answer.No : report.Answer == Answer.Yes ? Answer.Yes : Answer.Unknown, report.For, "");
        return Said(told, Witness.Credentials, site, report.Refused ? Answer.No : Answer.Unknown, report.For, "");
    }

    private static MemberState Said(MemberState state, string site, ProgressReport report)
    {
        var detail = $"{report.Stepping} stepping, {report.Silent} silent, {report.Unknown} unknown"
            + (report.Answer == Answer.No ? $"; silent for {report.SilentForIntervals:0.0} intervals" : "");
        var rose = report.RoseAgo is { } ago ? state.Now - ago : state.LastRiseAt;
        return Said(state, Witness.Progress, site, report.Answer, report.SilentFor, detail) with
        {
            Stalls = SaidOfStalls(state.Stalls, new StallEvidence(site, state.Now, report.Stalled)),
            LastRiseAt = rose > state.LastRiseAt || state.LastRiseAt is null ? rose : state.LastRiseAt,
            Paces = PacesChanged(state.Paces, report.Paces) ? report.Paces : state.Paces,
        };
    }

    // Paces only matter to an observer that starts; small drifts are not worth a write, and a reader that just lost its witnesses knows less than we do.
    private static bool PacesChanged(ImmutableArray<RunPace> stored, ImmutableArray<RunPace> reported) =>
        !reported.IsEmpty
        && (stored.Length != reported.Length || reported.Any(pace => !stored.Any(old => IsClose(old, pace))));

    private static bool IsClose(RunPace old, RunPace pace) =>
        old.RunUid == pace.RunUid && old.Epoch == pace.Epoch && old.Attempt == pace.Attempt && old.Usual <= pace.Usual * 1.25 && pace.Usual <= old.Usual * 1.25;

    /// <summary>A site that says of none that it stalls leaves nothing behind.</summary>
    private static ImmutableArray<StallEvidence> SaidOfStalls(ImmutableArray<StallEvidence> before, StallEvidence said)
    {
        var others = before.RemoveAll(old => old.Site == said.Site);
        return said.Runs.IsEmpty ? others : others.Add(said);
    }

    /// <summary>One site's word is not enough to restart a run for: a quorum of them must say so, and each lately.</summary>
    private static MemberState WithStalls(MemberState state, MemberPolicy policy)
    {
        if (state.Stalls.IsEmpty && state.Stalled.IsEmpty)
            return state;
        var stalled = state.Stalls
            .Where(said => policy.Sites.Contains(said.Site) && state.Now - said.At <= policy.EvidenceAgeMax)
            .SelectMany(said => said.Runs.Select(run => new RunEpoch(run.RunUid, run.Epoch)))
            .CountBy(run => run)
            .Where(run => run.Value >= (policy.Sites.Length / 2) + 1)
            .Select(run => run.Key)
            .OrderBy(run => run.RunUid, StringComparer.Ordinal).ThenBy(run => run.Epoch)
            .ToImmutableArray();
        return stalled.SequenceEqual(state.Stalled) ? state : state with { Stalled = stalled };
    }

    /// <summary>Since when each gang has had pods on dead nodes.</summary>
    private static ImmutableArray<BrokenGang> Broken(MemberState state, CapacitySnapshot seen)
    {
        var broken = seen.Workloads.Where(use => use.DeadPods > 0).GroupBy(use => (use.RunUid, use.Epoch))
            .Select(use => new BrokenGang(
                use.Key.RunUid, use.Key.Epoch, use.Sum(part => part.DeadPods),
                state.BrokenGangs.FirstOrDefault(old => (old.RunUid, old.Epoch) == use.Key)?.Since ?? state.Now))
            .ToImmutableArray();
        return broken.SequenceEqual(state.BrokenGangs) ? state.BrokenGangs : broken;
    }

    private static MemberState WithSight(MemberState state, MemberPolicy policy)
    {
        var stale = state.SightLostSince is { } since && state.Now - since >= policy.SightGrace;
        return state with
        {
            CapacityStale = stale,
            Evidence = stale ? state.Evidence.RemoveAll(said => said.Witness == Witness.Nodes) : state.Evidence,
        };
    }

    /// <summary>What the stored evidence says by now: of configured sites only, and only within its age.</summary>
    private sealed record Heard(Answer Api, Answer Ready, bool Refused, Answer Nodes, Answer Progress, DateTimeOffset? ApiSince);

    private static Heard Hear(MemberState state, MemberPolicy policy)
    {
        var quorum = (policy.Sites.Length / 2) + 1;
        var api = Fresh(state, policy, Witness.Api);
        var apiAnswer = Quorum(api, quorum);
        var apiSince = apiAnswer == Answer.Unknown ? null : Began(api, apiAnswer);
        var ready = Quorum(Fresh(state, policy, Witness.Ready), quorum);
        var refused = Count(Fresh(state, policy, Witness.Credentials), Answer.No) >= quorum;
        // Nodes are told of by one watcher, on changes; its word holds until it has lost sight of the member for a while.
        var nodes = state.Evidence.FirstOrDefault(said => said.Witness == Witness.Nodes);
        return new Heard(apiAnswer, ready, refused, nodes?.Answer ?? Answer.Unknown, Progress(state, policy, quorum, apiAnswer == Answer.No ? apiSince : null), apiSince);
    }

    private static Answer Progress(MemberState state, MemberPolicy policy, int quorum, DateTimeOffset? troubleSince)
    {
        var said = Fresh(state, policy, Witness.Progress);
        // One site that saw a step rise is enough, as nobody can see one that did not; silence takes a quorum, as one may be blind.
        if (Count(said, Answer.Yes) > 0)
        {
            var speaksOfNow = troubleSince is not { } since || state.LastRiseAt > since + policy.RiseMargin;
            var speaksOfNowLost = state.Verdict != MemberVerdict.Lost || state.LastRiseAt > state.VerdictSince;
            return speaksOfNow && speaksOfNowLost ? Answer.Yes : Answer.Unknown;
        }

        return Count(said, Answer.No) >= quorum ? Answer.No : Answer.Unknown;
    }

    private static List<Evidence> Fresh(MemberState state, MemberPolicy policy, string witness) =>
    [
        .. state.Evidence.Where(said => said.Witness == witness && policy.Sites.Contains(said.Site)
            && state.Now - said.At <= (said.Answer == Answer.No ? policy.DoubtAgeMax : policy.EvidenceAgeMax)),
    ];

    private static Answer Quorum(List<Evidence> said, int quorum) =>
        Count(said, Answer.Yes) >= quorum ? Answer.Yes
        : Count(said, Answer.No) >= quorum ? Answer.No
        : Answer.Unknown;

    private static int Count(List<Evidence> said, Answer answer) => said.Count(one => one.Answer == answer);

    private static DateTimeOffset? Began(List<Evidence> said, Answer answer) =>
        said.Where(one => one.Answer == answer).Min(one => (DateTimeOffset?)(one.At - one.For));
}
