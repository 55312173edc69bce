using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Tests.Placement;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class PlannerPropertyTests
{
    private static readonly PlanningPolicy Policy = new();
    private static readonly RunPolicy Runs = new();
    private static readonly string[] Names = ["e1", "e2", "n1", "n2", "w1", "w2"];

    private static Gen<PlannerInput> GenInput =>
        from members in GenMember.Array[6]
        from runs in GenRun.Array[0, 10]
        select Input(
            [.. runs.Select((run, index) => run with { Uid = $"u{index}" })],
            [.. members.Index().Select(member => member.Item(Names[member.Index]))]);

    private static Gen<Func<string, MemberState>> GenMember =>
        from verdict in Gen.Frequency((3, Gen.Const(MemberVerdict.Healthy)), (2, Gen.Const(MemberVerdict.Lost)), (2, Gen.Enum<MemberVerdict>()))
        from nodes in Gen.Int[0, 6]
        from cordoned in Gen.Int[0, 5]
        from unclean in Gen.Int[0, 5]
        from justNow in Gen.Bool
        select (Func<string, MemberState>)(name => Member(name, verdict, nodes) with
        {
            Cordoned = cordoned == 0,
            Clean = unclean != 0,
            VerdictSince = justNow ? Now : Now.AddHours(-1),
        });

    private static Gen<RunState> GenRun =>
        from step in Gen.Frequency((2, Gen.Const(RunStep.Waiting)), (1, Gen.Enum<RunStep>()))
        from reason in Gen.Enum<WaitReason>()
        from workers in Gen.Int[1, 4]
        from tier in Gen.Int[0, 3]
        from home in Gen.Int[0, 6]
        from target in Gen.Int[0, 5]
        from cause in Gen.Enum<MoveCause>()
        from distrusted in Gen.Int[0, 11]
        from moves in Gen.Int[0, 2]
        select Make(step, reason, workers, tier, home, target, cause, distrusted, moves);

    [Fact]
    public void Place_AnyWorld_GoesOnlyWhereNewWorkMayGo() =>
        GenInput.Sample(
            input =>
            {
                var members = input.Members.ToDictionary(member => member.Name);
                foreach (var (uid, placed) in Events(input).Select(addressed => (addressed.RunUid, addressed.Event as RunEvent.Placed)))
                {
                    if (placed is null)
                        continue;
                    var member = members[placed.Target.Member];
                    Assert.True(member is { Verdict: MemberVerdict.Healthy, Clean: true, Cordoned: false });
                    Assert.DoesNotContain(input.Runs.Single(run => run.Uid == uid).Distrusted, distrust => distrust.Member == member.Name);
                }
            },
            iter: 1_000);

    [Fact]
    public void Place_AnyWorld_NeverOvercommitsAMember() =>
        GenInput.Sample(
            input =>
            {
                var after = Apply(input, Events(input));
                foreach (var member in after.Members)
                {
                    var promised = after.Runs.SelectMany(run => InFlight.Holds(run).Where(held => held.Member == member.Name).Select(_ => run.Spec.Gang.Gpus)).Sum();
                    var before = input.Runs.SelectMany(run => InFlight.Holds(run).Where(held => held.Member == member.Name).Select(_ => run.Spec.Gang.Gpus)).Sum();
                    // What was promised before is generated, and may be too much already; nothing is added to that.
                    Assert.True(promised == before || promised <= member.Capacity!.Pools.Single().Gpus);
                }
            },
            iter: 1_000);

    [Fact]
    public void Place_AnyWorld_TellsARunOneThingThatItsMachineTakes() =>
        GenInput.Sample(
            input =>
            {
                var events = Events(input);
                Assert.Equal(events.Length, events.Select(addressed => addressed.RunUid).Distinct().Count());
                foreach (var addressed in events.Where(addressed => addressed.Event is RunEvent.Placed))
                    Assert.Equal(RunStep.Planned, RunMachine.Next(input.Runs.Single(run => run.Uid == addressed.RunUid), addressed.Event, Runs).State.Step);
            },
            iter: 1_000);

    [Fact]
    public void Place_TwiceInARow_HasNothingMoreToSay() =>
        // Without those whose member was stopped: their machine keeps that reason until they are placed.
        GenInput.Where(input => input.Runs.All(run => run.Waiting?.Reason != WaitReason.MemberStopped)).Sample(
            input =>
            {
                var once = Apply(input, Events(input));
                Assert.Empty(Events(once).Where(addressed => addressed.Event is RunEvent.Placed));
                var twice = Apply(once, Events(once));
                Assert.Empty(Events(twice));
            },
            iter: 1_000);

    [Fact]
    public void Place_PermutedWorld_SaysTheSame() =>
        Gen.Select(GenInput, Gen.Int[0, 1_000]).Sample(
            (input, seed) =>
            {
                var random = new Random(seed);
                var permuted = input with { Runs = Problems.Shuffled(input.Runs, random), Members = Problems.Shuffled(input.Members, random) };
                Assert.Equal(Text(Events(input)), Text(Events(permuted)));
                var (found, again) = (Displacement.Find(input, Policy), Displacement.Find(permuted, Policy));
                Assert.Equal(Text(found.Events), Text(again.Events));
                Assert.Equal(found.Requested.Displaced, again.Requested.Displaced);
                Assert.Equal(found.Requested.Fleet.ByRegion, again.Requested.Fleet.ByRegion);
                Assert.Equal(Displacement.Holding(input).SelectMany(member => member.Value), Displacement.Holding(permuted).SelectMany(member => member.Value));
            },
            iter: 500);

    [Fact]
    public void Find_AnyWorld_AsksForEveryMoveThatNeedsAPermit() =>
        GenInput.Sample(
            input =>
            {
                // With a yes to all that was asked, nobody is left out for want of a permit.
                var asked = Granted(input, Policy).Select(answer => answer.RunUid).ToHashSet();
                var members = input.Members.ToDictionary(member => member.Name);
                foreach (var run in input.Runs.Where(run => run.Epoch is not null))
                {
                    var home = members.GetValueOrDefault(run.Epoch!.Target.Member);
                    if (Candidacy.Of(run, home, input.Now, Policy).Standing == Standing.WithPermit)
                        Assert.Contains(run.Uid, asked);
                }
            },
            iter: 1_000);

    private static RunState Make(
        RunStep step, WaitReason reason, int workers, int tier, int home, int target, MoveCause cause, int distrusted, int moves)
    {
        var run = Run("", step, workers, tier);
        if (home < 6)
            run = run.On(Names[home]);
        if (step == RunStep.Waiting)
            run = run.WaitingFor(home < 6 ? reason : WaitReason.NotYetPlanned);
        else if (step is >= RunStep.Planned and <= RunStep.Verifying)
            run = run.MovingTo(Names[target], cause);
        return run with
        {
            Distrusted = distrusted < 6 ? [new Distrust(Names[distrusted], Now.AddMinutes(1), 1, "")] : [],
            Recent = new MoveHistory(moves == 0 ? null : Now.AddMinutes(-moves), moves),
        };
    }

    private static ImmutableArray<AddressedEvent> Events(PlannerInput input) => PlannerPass.Place(input, Granted(input, Policy), Policy).Events;

    private static PlannerInput Apply(PlannerInput input, ImmutableArray<AddressedEvent> events)
    {
        var byRun = events.ToDictionary(addressed => addressed.RunUid, addressed => addressed.Event);
        return input with
        {
            Runs = [.. input.Runs.Select(run => byRun.TryGetValue(run.Uid, out var happened) ? RunMachine.Next(run, happened, Runs).State : run)],
        };
    }

    private static string Text(ImmutableArray<AddressedEvent> events) => string.Join(
        '\n',
        events.Select(addressed => $"{addressed.RunUid} {addressed.Event} {string.Join(", ", (addressed.Event as RunEvent.NotPlaced)?.PerMember ?? [])}"));
}
