using System.Collections.Concurrent;
using Failover.Abstractions.Ports;

namespace Failover.Grains.Tests.Doubles;

/// <summary>Members that do as they are told and write down what was asked of them.</summary>
internal sealed class FakeMembers : IMemberClients
{
    private readonly ConcurrentDictionary<string, FakeMember> _members = new();

    public FakeMember this[string member] => _members.GetOrAdd(member, name => new FakeMember(name));

    public IMemberClient Get(string member) => this[member];
}

internal sealed class FakeMember(string name) : IMemberClient
{
    public string Name => name;

    public ConcurrentQueue<LaunchRequest> Launches { get; } = new();

    public ConcurrentQueue<SeenWorkload> Deletions { get; } = new();

    /// <summary>What a launch answers; never, where it is null.</summary>
    public CallResult? OnLaunch { get; set; } = new(CallOutcome.Done, "");

    /// <summary>Whether a launch that never answers ends when its token says so.</summary>
    public bool HeedsTokens { get; set; } = true;

    /// <summary>Happens while a workload is deleted.</summary>
    public Func<SeenWorkload, Task> OnDeleting { get; set; } = _ => Task.CompletedTask;

    public Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ProbeResult(ProbeAnswer.Ready, TimeSpan.Zero, ""));

    public async Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken = default)
    {
        Launches.Enqueue(request);
        if (OnLaunch is { } answer)
            return answer;
        await new TaskCompletionSource().Task.WaitAsync(HeedsTokens ? cancellationToken : CancellationToken.None);
        throw new InvalidOperationException("It never answers.");
    }

    /// <summary>What a dry run answers.</summary>
    public CallResult OnPreflight { get; set; } = new(CallOutcome.Done, "");

    public Task<CallResult> PreflightAsync(LaunchRequest request, CancellationToken cancellationToken = default) => Task.FromResult(OnPreflight);

    public async Task<CallResult> DeleteAsync(SeenWorkload workload, CancellationToken cancellationToken = default)
    {
        Deletions.Enqueue(workload);
        await OnDeleting(workload);
        return new CallResult(CallOutcome.Done, "");
    }

    public Task WatchAsync(IMemberObserver observer, TimeSpan settle, CancellationToken cancellationToken) =>
        new TaskCompletionSource().Task.WaitAsync(cancellationToken);
}
