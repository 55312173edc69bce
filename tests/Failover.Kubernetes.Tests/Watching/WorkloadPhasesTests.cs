using Failover.Abstractions.Ports;
using Failover.Kubernetes.Capacity;
using Failover.Kubernetes.Launching;
using Failover.Kubernetes.Watching;

namespace Failover.Kubernetes.Tests.Watching;

public sealed class WorkloadPhasesTests
{
    private static readonly WorkloadFacts Workload = new("train", "w", "object-uid", "us", "u", 1, "l", Deleting: false, Gang: 2, WorkloadEnd.None, "");
    private static readonly PodFacts Ready = new("n", 4, Ended: false, Ready: true, null, null);
    private static readonly PodFacts Starting = Ready with { Ready = false };
    private static readonly PodFacts Done = Ready with { Ready = false, Ended = true };

    public static TheoryData<PodFacts[], WorkloadPhase, string> Gangs => new()
    {
        { [], WorkloadPhase.Pending, "0 of 2 pods ready" },
        { [Ready], WorkloadPhase.Pending, "1 of 2 pods ready" },
        { [Ready, Starting], WorkloadPhase.Pending, "1 of 2 pods ready" },
        { [Ready, Ready], WorkloadPhase.Running, "" },
        { [Ready, Done], WorkloadPhase.Running, "" },
        { [Done, Done], WorkloadPhase.Pending, "2 of 2 pods ready" },
        { [Ready, Failed("a", 1, 9), Starting], WorkloadPhase.Pending, "1 of 2 pods ready" },
        { [Ready, Failed("a", 1, 9), Ready], WorkloadPhase.Running, "" },
    };

    [Theory]
    [MemberData(nameof(Gangs))]
    public void See_NotEnded_GangTells(PodFacts[] pods, WorkloadPhase phase, string detail)
    {
        var seen = WorkloadPhases.See(Workload, "Job", pods);

        Assert.Equal(new SeenWorkload("train", "w", "object-uid", "u", 1, "l", phase, null, detail), seen);
    }

    [Fact]
    public void See_Failed_FirstFailureTells()
    {
        var seen = WorkloadPhases.See(
            Workload with { End = WorkloadEnd.Failed, Detail = "BackoffLimitExceeded: m" }, "Job", [Failed("b", 143, 9), Failed("a", 42, 5), Ready]);

        Assert.Equal((WorkloadPhase.Failed, 42, "BackoffLimitExceeded: m (a failed)"), (seen.Phase, seen.ExitCode!.Value, seen.Detail));
    }

    [Fact]
    public void See_FailedWithoutPods_NoExitCode()
    {
        var seen = WorkloadPhases.See(Workload with { End = WorkloadEnd.Failed, Detail = "DeadlineExceeded: m" }, "Job", []);

        Assert.Equal((WorkloadPhase.Failed, null, "DeadlineExceeded: m"), (seen.Phase, seen.ExitCode, seen.Detail));
    }

    [Fact]
    public void See_Succeeded_Succeeded() =>
        Assert.Equal(WorkloadPhase.Succeeded, WorkloadPhases.See(Workload with { End = WorkloadEnd.Succeeded }, "Job", [Done, Done]).Phase);

    [Fact]
    public void See_Deleting_TerminatingWhateverElse() =>
        Assert.Equal(WorkloadPhase.Terminating, WorkloadPhases.See(Workload with { Deleting = true, End = WorkloadEnd.Failed }, "Job", [Ready, Ready]).Phase);

    private static PodFacts Failed(string pod, int exitCode, int second) =>
        Done with { Failure = new PodFailure(pod, DateTime.UnixEpoch.AddSeconds(second), exitCode, $"{pod} failed") };
}
