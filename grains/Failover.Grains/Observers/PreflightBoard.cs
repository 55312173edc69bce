using System.Collections.Immutable;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// What members said of runs' workloads lately. A memory aid, not a state: empty after a start. While it fills, runs that were never placed wait for their first answers,
/// but not for long; runs that were placed before wait for nothing.
/// </summary>
internal sealed class PreflightBoard(IOptions<ObserverOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Run, string Member), Entry> _entries = [];
    private readonly Dictionary<string, long> _firstAsked = [];
    private bool _begun;

    /// <summary>From now on somebody finds out; before that nobody is to wait for it.</summary>
    public void Begin()
    {
        lock (_lock) _begun = true;
    }

    /// <summary>Whether what is known of the pair is so old, or so bad, that it is to be found out anew.</summary>
    public bool IsDue(string run, string member)
    {
        lock (_lock)
        {
            return !_entries.TryGetValue((run, member), out var known)
                || time.GetElapsedTime(known.At) >= (known.Finding.Refusal is null ? options.Value.PreflightAge : options.Value.PreflightAgeRefused);
        }
    }

    public void Post(string run, string member, string? refusal)
    {
        lock (_lock)
        {
            // The same words again are the same finding, lest a run that waits for it is told each time.
            var since = _entries.TryGetValue((run, member), out var known) && known.Finding.Refusal == refusal ? known.Finding.Since : time.GetUtcNow();
            _entries[(run, member)] = new Entry(new PreflightFinding(run, member, refusal, since), time.GetTimestamp());
        }
    }

    /// <summary>Forgets all runs but these.</summary>
    public void Keep(IReadOnlySet<string> runs)
    {
        lock (_lock)
        {
            foreach (var gone in _entries.Keys.Where(key => !runs.Contains(key.Run)).ToList())
                _entries.Remove(gone);
            foreach (var gone in _firstAsked.Keys.Where(run => !runs.Contains(run)).ToList())
                _firstAsked.Remove(gone);
        }
    }

    /// <summary>The refusals of these runs; of runs that were never placed also, for a while, members that have not said anything yet.</summary>
    public ImmutableArray<PreflightFinding> Findings(IEnumerable<RunState> runs, IReadOnlyCollection<MemberState> members)
    {
        lock (_lock)
        {
            return _begun ? [.. runs.Where(run => run.Step == RunStep.Waiting).SelectMany(run => Of(run, members))] : [];
        }
    }

    private IEnumerable<PreflightFinding> Of(RunState run, IReadOnlyCollection<MemberState> members)
    {
        var asked = _firstAsked.TryGetValue(run.Uid, out var first) ? first : _firstAsked[run.Uid] = time.GetTimestamp();
        var waits = run.Epoch is null && time.GetElapsedTime(asked) < options.Value.PreflightPatience;
        foreach (var member in members)
        {
            if (_entries.TryGetValue((run.Uid, member.Name), out var known))
            {
                if (known.Finding.Refusal is not null)
                    yield return known.Finding;
            }
            else if (waits)
            {
                yield return new PreflightFinding(run.Uid, member.Name, "it is being asked whether it would take the workload", run.SubmittedAt) { IsAwaited = true };
            }
        }
    }

    private sealed record Entry(PreflightFinding Finding, long At);
}
