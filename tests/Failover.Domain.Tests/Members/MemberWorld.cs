using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

/// <summary>A member and its time in seconds, for tests to tell what happens.</summary>
internal sealed class MemberWorld(params ImmutableArray<string> sites)
{
    public static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public MemberPolicy Policy { get; } = new() { Sites = sites.IsEmpty ? ["here"] : sites };

    public MemberState State { get; set; } = MemberMachine.Create("east-1", "east", Zero);

    public List<VerdictChange> Changes { get; } = [];

    public MemberTransition? Last { get; private set; }

    public MemberVerdict Verdict => State.Verdict;

    public string Row => State.VerdictDetail.Split(':')[0];

    public MemberWorld Apply(MemberEvent memberEvent)
    {
        Last = MemberMachine.Next(State, memberEvent, Policy);
        State = Last.State;
        if (Last.Verdict is { } change)
            Changes.Add(change);
        return this;
    }

    public MemberWorld Tick(double at) => Apply(new MemberEvent.Tick(Time(at)));

    public MemberWorld Api(double at, Answer answer, double duration = 2, string site = "here", bool refused = false) =>
        Apply(new MemberEvent.ApiReported(Time(at), site, new ApiReport(answer, TimeSpan.FromSeconds(duration), refused, answer.ToString())));

    public MemberWorld Nodes(double at, Answer answer, double duration = 0) =>
        Apply(new MemberEvent.LeasesReported(Time(at), "here", new LeaseReport(answer, 1, TimeSpan.FromSeconds(duration), "nodes")));

    public MemberWorld Progress(double at, Answer answer, double? roseAgo = null, string site = "here", params ImmutableArray<RunPace> paces) =>
        Apply(new MemberEvent.ProgressReported(Time(at), site, new ProgressReport
        {
            Answer = answer,
            RoseAgo = roseAgo is { } ago ? TimeSpan.FromSeconds(ago) : null,
            Paces = paces,
        }));

    public MemberWorld Observed(double at, params ImmutableArray<int> nodesByFree) =>
        Apply(new MemberEvent.Observed(Time(at), new CapacitySnapshot(1, [new PoolSnapshot("h100", 64, nodesByFree)], [])));

    /// <summary>Healthy at 0, with 4 free nodes of 8 GPUs.</summary>
    public MemberWorld Healthy() => Observed(0, 0, 0, 0, 0, 0, 0, 0, 0, 4).Api(0, Answer.Yes);

    /// <summary>Lost at 20: the API was missed from 1 s on, and nothing has risen since 2 s.</summary>
    public MemberWorld Lost() => Healthy().Api(3, Answer.No).Progress(3, Answer.Yes, 1).Api(20, Answer.No, 19).Progress(20, Answer.No, 18);

    public ReservationAnswer Reserve(double at, GpuReservation wanted) => Apply(new MemberEvent.ReserveRequested(Time(at), wanted)).Last!.Reservation!;

    public static DateTimeOffset Time(double seconds) => Zero.AddSeconds(seconds);

    public static GpuReservation Wanted(string run, int workers, int gpus, int epoch = 1, int move = 1) =>
        new(run, epoch, $"{run}/e{epoch}/m{move}/reserve", "h100", workers, gpus, Zero) { Move = move };
}
