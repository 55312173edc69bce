using System.Collections.Immutable;
using System.Text;
using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

/// <summary>The whole way of a preemption: staged ahead, given up, kept, placed; and the victim back once there is room.</summary>
public sealed class PreemptionTranscriptTests
{
    private static readonly PlanningPolicy Policy = new();
    private readonly StringBuilder transcript = new();
    private PlannerInput world = Input([]);

    [Fact]
    public void RegionLost_TheHigherTierGetsThePlaceAndTheLowerComesBack()
    {
        world = Input([Trains("a", "e1", tier: 3), Trains("v", "w1", tier: 0)], Taken("e1", "a", free: 0), Taken("w1", "v", free: 0));
        world = world with { Fleet = World with { Members = [.. World.Members.Where(member => member.Name is "e1" or "w1")] } };

        Pass("all is well");
        Set(Taken("e1", "a", free: 0) with { Verdict = MemberVerdict.Lost, VerdictSince = Later(0) });
        Pass("e1 is lost; the newest checkpoint of a is in the north");
        Pass("nothing has changed");
        Tell("a", new RunEvent.TipAdvanced(Later(1), 1, new StoreTip("s-west", new CommitRef(1, 4), 400, Later(1)), 0));
        Pass("it is in the west as well");
        Pass("v commits once more");
        Tell("v", new RunEvent.TipAdvanced(Later(1), 1, new StoreTip("s-west", new CommitRef(1, 9), 900, Later(1)), 10));
        Set(Member("w1", nodes: 2));
        Tell("v", new RunEvent.Quiesced(Later(1), RunMachine.Pending(Run("v"), Policy.Runs).OfType<RunEffect.Quiesce>().Single().Id));
        Pass("v has stopped");
        Became("a", run => run.On("w1", epoch: 2) with { Step = RunStep.Running, Move = null });
        Set(Taken("w1", "a", free: 0));
        Pass("a trains");
        Became("a", run => run with { Step = RunStep.Finished });
        Set(Member("w1", nodes: 2));
        Pass("a has finished");

        Assert.Equal(
            """
            # all is well
            # e1 is lost; the newest checkpoint of a is in the north
            a displaced
            a not placed: w1: no room; would preempt run-v (tier 0) once its checkpoint e1/4 is in s-west, where it is being brought [ahead: s-west]
            # nothing has changed
            # it is in the west as well
            a not placed: w1: no room; run-v (tier 0) leave it now [ahead: s-west]
            v gave up: Its place on w1 goes to run-a (tier 3); it is of tier 0, and comes back once there is room.
            # v commits once more
            a not placed: w1: no room; stopping there for it: run-v [ahead: s-west]
            # v has stopped
            a placed Failover on w1
            v not placed: w1: no room
            # a trains
            # a has finished
            v placed Restart on w1

            """,
            transcript.ToString(),
            ignoreLineEndingDifferences: true);
        Assert.Equal(new RetryCount(0, 0), Run("v").Retries);
    }

    private static RunState Trains(string uid, string member, int tier)
    {
        var run = Worlds.Run(uid, RunStep.Running, workers: 2, tier).On(member);
        return run with
        {
            Moves = 1,
            Epoch = run.Epoch! with { Progress = new Progress(1, 0, 450, null, Now.AddSeconds(-1)) },
            Tips = [new StoreTip("s-north", new CommitRef(1, 4), 400, Now.AddMinutes(-1))],
        };
    }

    private static MemberState Taken(string name, string by, int free) => Member(name) with
    {
        Capacity = new CapacitySnapshot(1, [new PoolSnapshot("h100", 16, [0, 0, 0, 0, 0, 0, 0, 0, free])], [new WorkloadUse(by, by == "a" && name == "w1" ? 2 : 1, "h100", 16)]),
    };

    private RunState Run(string uid) => world.Runs.Single(run => run.Uid == uid);

    private DateTimeOffset Later(int seconds) => world.Now.AddSeconds(seconds);

    private void Set(MemberState member) => world = world with { Members = [.. world.Members.Select(other => other.Name == member.Name ? member : other)] };

    private void Became(string uid, Func<RunState, RunState> change) => world = world with { Runs = [.. world.Runs.Select(run => run.Uid == uid ? change(run) : run)] };

    private void Tell(string uid, RunEvent happened) => Became(uid, run => RunMachine.Next(run, happened, Policy.Runs).State);

    private void Pass(string title)
    {
        transcript.Append("# ").AppendLine(title);
        Hear(Displacement.Find(world, Policy).Events);
        Hear(PlannerPass.PlaceBy(problem => TrySolver.Solve(problem, Policy.Placement), world, Granted(world, Policy), Policy).Events);
        // Runs that train step once in the meantime.
        world = world with
        {
            Now = Later(2),
            Runs = [.. world.Runs.Select(run => run is { Step: RunStep.Running, Epoch: { Progress: { } progress } epoch } && world.Members.Single(member => member.Name == epoch.Target.Member).Verdict == MemberVerdict.Healthy
                ? run with { Epoch = epoch with { Progress = progress with { At = Later(1) } } }
                : run)],
        };
    }

    private void Hear(ImmutableArray<AddressedEvent> events)
    {
        foreach (var (uid, happened) in events)
        {
            transcript.AppendLine($"{uid} {Words(happened)}");
            Tell(uid, happened);
        }
    }

    private static string Words(RunEvent happened) => happened switch
    {
        RunEvent.Displaced => "displaced",
        RunEvent.GaveUp gaveUp => $"gave up: {gaveUp.Detail}",
        RunEvent.Placed placed => $"placed {placed.Cause} on {placed.Target.Member}",
        RunEvent.NotPlaced not => $"not placed: {string.Join("; ", not.PerMember.Where(reason => reason.Member == "w1").Select(reason => $"{reason.Member}: {reason.Reason}"))}{(not.StageAhead is { } store ? $" [ahead: {store}]" : "")}",
        _ => happened.ToString(),
    };
}
