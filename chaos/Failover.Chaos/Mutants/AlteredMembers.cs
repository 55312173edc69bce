using System.Collections.Concurrent;
using Failover.Abstractions.Ports;

namespace Failover.Chaos.Mutants;

/// <summary>All members, each altered.</summary>
internal sealed class AlteredMembers(IMemberClients inner, Func<IMemberClient, IMemberClient> alter) : IMemberClients
{
    public IMemberClient Get(string member) => alter(inner.Get(member));
}

/// <summary>A member as it is; mutants override what they spoil.</summary>
internal class AlteredMember(IMemberClient inner) : IMemberClient
{
    public string Name => inner.Name;

    public virtual Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => inner.ProbeAsync(timeout, cancellationToken);

    public virtual Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken = default) => inner.LaunchAsync(request, cancellationToken);

    public Task<CallResult> PreflightAsync(LaunchRequest request, CancellationToken cancellationToken = default) => inner.PreflightAsync(request, cancellationToken);

    public virtual Task<CallResult> DeleteAsync(SeenWorkload workload, CancellationToken cancellationToken = default) => inner.DeleteAsync(workload, cancellationToken);

    public Task WatchAsync(IMemberObserver observer, TimeSpan settle, CancellationToken cancellationToken) => inner.WatchAsync(observer, settle, cancellationToken);
}

/// <summary>Every epoch commits to the folder of epoch 1.</summary>
internal sealed class OneDirectoryMember(IMemberClient inner) : AlteredMember(inner)
{
    private const string Variable = "FAILOVER_CHECKPOINT_URI";

    public override Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken = default)
    {
        var uri = request.Environment[Variable];
        var first = $"{uri[..uri.LastIndexOf('/')]}/e1";
        return base.LaunchAsync(request with { Environment = request.Environment.SetItem(Variable, first) }, cancellationToken);
    }
}

/// <summary>Deletes nothing.</summary>
internal sealed class UnsweptMember(IMemberClient inner) : AlteredMember(inner)
{
    public override Task<CallResult> DeleteAsync(SeenWorkload workload, CancellationToken cancellationToken = default) =>
        Task.FromResult(new CallResult(CallOutcome.Done, "deleted"));
}

/// <summary>Notes whether the member's API answers, for a store that is altered as well.</summary>
internal sealed class NotedMember(IMemberClient inner, AnswerNotes notes) : AlteredMember(inner)
{
    public override async Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var probe = await base.ProbeAsync(timeout, cancellationToken);
        notes.Note(Name, probe.Answer != ProbeAnswer.NoAnswer);
        return probe;
    }
}

/// <summary>Which members' APIs answered when they were last asked.</summary>
internal sealed class AnswerNotes
{
    private readonly ConcurrentDictionary<string, bool> _answers = new();

    public void Note(string member, bool answers) => _answers[member] = answers;

    /// <summary>One that was not asked yet counts as one that answers.</summary>
    public bool Answers(string member) => _answers.GetValueOrDefault(member, true);
}
