using System.Collections.Immutable;
using System.Text.Json;
using CsCheck;
using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health;

public sealed class BrakeMachineTests
{
    private static readonly BrakePolicy Policy = new();
    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly FleetTotals Fleet = new([new("a", 500, 5), new("b", 300, 3), new("c", 200, 2)], 6, 2);

    [Fact]
    public void Requested_OneWholeRegion_Passes()
    {
        var (state, answers, stored) = Ask(new BrakeState(), 0, Move("1", "a", 300), Move("2", "a", 200));

        Assert.All(answers, answer => Assert.True(answer.Granted));
        Assert.Equal(["1", "2"], state.Permits.Select(permit => permit.RunUid));
        Assert.True(stored);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(401, false)]
    public void Requested_SeveralRegions_PassUpToTheShare(int gpus, bool granted)
    {
        var (state, answers, _) = Ask(new BrakeState(), 0, Move("1", "a", gpus - 100), Move("2", "b", 100));

        Assert.All(answers, answer => Assert.Equal(granted, answer.Granted));
        Assert.Equal(granted, state.HeldBecause is null);
        Assert.Equal(granted ? 2 : 0, state.Permits.Length);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void Requested_SmallRunsOfSeveralRegions_PassUpToTheShareOfRuns(int runs, bool granted)
    {
        var moves = Enumerable.Range(0, runs).Select(run => Move($"{run}", run == 0 ? "a" : "b", 8));

        var (state, answers, _) = Ask(new BrakeState(), 0, [.. moves]);

        Assert.All(answers, answer => Assert.Equal(granted, answer.Granted));
        Assert.Equal(granted ? null : "5 of 10 runs in 2 regions within 10 min: more than one whole region, and more than 40 %.", state.HeldBecause?.Replace('\u00a0', ' '));
    }

    [Fact]
    public void Requested_AllRunsOfOneRegion_PassHoweverMany()
    {
        var crowded = Fleet with { ByRegion = [new("a", 100, 90), new("b", 900, 10)] };

        var asked = BrakeMachine.Next(new BrakeState(), new BrakeEvent.Requested(Zero, [.. Enumerable.Range(0, 90).Select(run => Move($"{run}", "a", 1))], crowded), Policy);

        Assert.All(asked.Answers, answer => Assert.True(answer.Granted));
    }

    [Fact]
    public void Requested_RunsPermittedBeforeInTheWindow_CountTowardsTheShare()
    {
        var first = Ask(new BrakeState(), 0, Move("1", "a", 1), Move("2", "a", 1)).State;

        Assert.True(Assert.Single(Ask(first, 300, Move("3", "b", 1)).Answers).Granted);
        Assert.All(Ask(first, 300, Move("3", "b", 1), Move("4", "b", 1), Move("5", "b", 1)).Answers, answer => Assert.False(answer.Granted));
        Assert.All(Ask(first, 601, Move("3", "b", 1), Move("4", "b", 1), Move("5", "b", 1)).Answers, answer => Assert.True(answer.Granted));
    }

    [Fact]
    public void Requested_RowOfBeforeTheShareOfRuns_CountsItsPermits()
    {
        // As schema version 1 has always stored it: a permit is a run, so nothing more has to be stored to count them.
        const string stored = """
            {"kind":"brake","schemaVersion":1,"now":"2026-01-01T00:00:00+00:00","permits":[
              {"runUid":"1","epoch":1,"region":"a","gpus":1,"at":"2026-01-01T00:00:00+00:00","charged":true},
              {"runUid":"2","epoch":1,"region":"a","gpus":1,"at":"2026-01-01T00:00:00+00:00","charged":true},
              {"runUid":"3","epoch":1,"region":"a","gpus":1,"at":"2026-01-01T00:00:00+00:00","charged":false}]}
            """;
        var state = JsonSerializer.Deserialize<BrakeState>(stored, JsonSerializerOptions.Web)!;

        Assert.True(Ask(state, 60, Move("4", "b", 1), Move("5", "b", 1)).Answers[0].Granted);
        Assert.Contains("5 of 10 runs", Ask(state, 60, Move("4", "b", 1), Move("5", "b", 1), Move("6", "b", 1)).Answers[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Requested_TheSameEpochAgain_IsNotChargedTwice()
    {
        var first = Ask(new BrakeState(), 0, Move("1", "a", 400)).State;
        var (again, answers, stored) = Ask(first, 5, Move("1", "a", 400));

        Assert.True(Assert.Single(answers).Granted);
        Assert.Single(again.Permits);
        Assert.False(stored);
        Assert.Equal(2, Ask(again, 700, Move("1", "a", 400, epoch: 2)).State.Permits.Length);
    }

    [Fact]
    public void Requested_SecondRegionWithinTheWindow_IsHeldWhileTheFirstGoesOn()
    {
        var first = Ask(new BrakeState(), 0, Move("1", "a", 500)).State;
        var (held, answers, _) = Ask(first, 60, Move("1", "a", 500), Move("2", "b", 300));

        Assert.Equal([true, false], answers.Select(answer => answer.Granted));
        Assert.Contains("800 of 1000 GPUs in 2 regions", answers[1].Detail, StringComparison.Ordinal);
        Assert.Equal(Zero.AddSeconds(60), held.HeldSince);
    }

    [Fact]
    public void Requested_SecondRegionAfterTheWindow_Passes()
    {
        var first = Ask(new BrakeState(), 0, Move("1", "a", 500)).State;

        Assert.True(Assert.Single(Ask(first, 600, Move("2", "b", 300)).Answers).Granted);
    }

    [Fact]
    public void Requested_WhileHeld_TheWindowDoesNotAge()
    {
        var held = Ask(Ask(new BrakeState(), 0, Move("1", "a", 500)).State, 60, Move("2", "b", 300)).State;
        for (var second = 61; second < 7200; second += 60)
        {
            var (next, answers, _) = Ask(held, second, Move("2", "b", 300));
            Assert.False(Assert.Single(answers).Granted);
            held = next;
        }

        Assert.Equal(Zero.AddSeconds(60), held.HeldSince);
    }

    [Fact]
    public void Requested_EveryMemberOutOfReach_IsHeldHoweverLittle()
    {
        var all = BrakeMachine.Next(new BrakeState(), new BrakeEvent.Requested(Zero, [Move("1", "c", 1)], Fleet with { MembersOutOfReach = 6 }), Policy);

        Assert.False(Assert.Single(all.Answers).Granted);
        Assert.NotNull(all.State.HeldBecause);
    }

    [Fact]
    public void Requested_EverythingAtOnce_IsHeldWhateverTheShare()
    {
        var generous = Policy with { ShareMax = 1, RunShareMax = 1 };
        var all = new BrakeEvent.Requested(Zero, [Move("1", "a", 500), Move("2", "b", 300), Move("3", "c", 200)], Fleet);

        Assert.All(BrakeMachine.Next(new BrakeState(), all, generous).Answers, answer => Assert.False(answer.Granted));
    }

    [Fact]
    public void Requested_NothingDisplaced_HoldsNothing()
    {
        var (state, answers, stored) = Ask(new BrakeState(), 0);

        Assert.Equal((null, 0, false), (state.HeldBecause, answers.Length, stored));
    }

    [Fact]
    public void Requested_EvidenceReturnedForAWhile_LetsGoByItself()
    {
        var held = Ask(new BrakeState(), 0, Move("1", "a", 500), Move("2", "b", 300)).State;
        var calm = Ask(held, 10, Move("1", "a", 500));
        Assert.False(Assert.Single(calm.Answers).Granted);
        var still = Ask(calm.State, 39, Move("1", "a", 500));
        Assert.False(Assert.Single(still.Answers).Granted);

        var free = Ask(still.State, 40, Move("1", "a", 500));
        Assert.True(Assert.Single(free.Answers).Granted);
        Assert.Equal((null, null, null), (free.State.HeldBecause, free.State.HeldSince, free.State.CalmSince));
    }

    [Fact]
    public void Requested_EvidenceGoneAgain_StartsTheCalmAnew()
    {
        var held = Ask(new BrakeState(), 0, Move("1", "a", 500), Move("2", "b", 300)).State;
        var calm = Ask(held, 10).State;
        var again = Ask(calm, 20, Move("1", "a", 500), Move("2", "b", 300)).State;
        Assert.Null(again.CalmSince);

        Assert.NotNull(Ask(Ask(again, 30).State, 59).State.HeldBecause);
        Assert.Null(Ask(Ask(again, 30).State, 60).State.HeldBecause);
    }

    [Fact]
    public void Released_WhatWasDisplacedByThen_PassesAndNothingElse()
    {
        var held = Ask(new BrakeState(), 0, Move("1", "a", 500), Move("2", "b", 300)).State;
        var released = BrakeMachine.Next(held, new BrakeEvent.Released(Zero.AddSeconds(100), "ann"), Policy);
        Assert.Equal((null, "ann", true), (released.State.HeldBecause, released.State.Release!.By, released.MustStore));

        var passed = Ask(released.State, 110, Move("1", "a", 500), Move("2", "b", 300));
        Assert.All(passed.Answers, answer => Assert.True(answer.Granted));
        Assert.All(passed.State.Permits, permit => Assert.False(permit.Charged));

        // The window began anew: one more region passes, the next does not.
        var later = Ask(passed.State, 120, Move("3", "c", 200, displaced: 115));
        Assert.True(Assert.Single(later.Answers).Granted);
        Assert.False(Assert.Single(Ask(later.State, 130, Move("4", "b", 300, displaced: 125)).Answers).Granted);
    }

    [Fact]
    public void IndependentEvidence_LossConfirmed_ThatRegionPasses()
    {
        var held = Ask(new BrakeState(), 0, Move("1", "a", 500), Move("2", "b", 300)).State;
        var confirmed = BrakeMachine.Next(held, new BrakeEvent.IndependentEvidence(Zero.AddSeconds(5), "resource-health", ["a", "a"]), Policy);
        var again = BrakeMachine.Next(confirmed.State, new BrakeEvent.IndependentEvidence(Zero.AddSeconds(6), "resource-health", ["a"]), Policy).State;
        Assert.Equal(Zero.AddSeconds(6), Assert.Single(again.Confirmed).At);

        var answers = Ask(again, 7, Move("1", "a", 500), Move("2", "b", 300), Move("9", "a", 1, displaced: 7)).Answers;
        Assert.Equal([true, false, false], answers.Select(answer => answer.Granted));
    }

    [Fact]
    public void Tick_OldPermits_AreForgotten()
    {
        var state = Ask(new BrakeState(), 0, Move("1", "a", 500)).State;

        var same = BrakeMachine.Next(state, new BrakeEvent.Tick(Zero.AddHours(24)), Policy);
        Assert.Equal((1, false), (same.State.Permits.Length, same.MustStore));
        var later = BrakeMachine.Next(state, new BrakeEvent.Tick(Zero.AddHours(25)), Policy);
        Assert.Equal((0, true), (later.State.Permits.Length, later.MustStore));
    }

    [Fact]
    public void Next_TimeGivenEarlier_NeverRunsBackwards()
    {
        var state = BrakeMachine.Next(new BrakeState(), new BrakeEvent.Tick(Zero.AddHours(1)), Policy).State;

        Assert.Equal(Zero.AddHours(1), BrakeMachine.Next(state, new BrakeEvent.Tick(Zero), Policy).State.Now);
    }

    [Fact]
    public void Next_AnyRequests_ChargeAtMostOneRegionOrTheShareInAnyWindow() =>
        Gen.Select(Gen.Int[0, 900], Gen.Int[0, 12], Gen.OneOf("a", "b", "c"), Gen.Int[1, 300], Gen.Int[1, 3]).List[1, 40].Sample(asks =>
        {
            var (state, second) = (new BrakeState(), 0);
            foreach (var (wait, run, region, gpus, epoch) in asks)
            {
                second += wait / 3;
                var before = state.Permits.Length;
                var step = Ask(state, second, Move($"r{run}", region, gpus, epoch), Move("other", "b", 50, epoch));
                state = step.State;
                if (state.Permits.Length > before)
                    AssertWithinBudget(state);
                Assert.Equal(state.Permits.Length, state.Permits.DistinctBy(permit => (permit.RunUid, permit.Epoch)).Count());
                Assert.All(step.Answers, answer => Assert.Equal(answer.Granted, state.Permits.Any(p => p.RunUid == answer.RunUid && p.Epoch == answer.Epoch)));
            }
        });

    private static void AssertWithinBudget(BrakeState state)
    {
        var window = state.Permits.Where(permit => permit.At > state.Now - Policy.Window).ToList();
        Assert.True(window.Select(permit => permit.Region).Distinct().Count() == 1
            || (window.Sum(permit => permit.Gpus) <= Fleet.Gpus * Policy.ShareMax && window.Count <= Fleet.Runs * Policy.RunShareMax));
    }

    private static MoveRequest Move(string run, string region, int gpus, int epoch = 1, int displaced = 0) => new(run, epoch, region, gpus, Zero.AddSeconds(displaced));

    private static BrakeTransition Ask(BrakeState state, int second, params ImmutableArray<MoveRequest> moves) =>
        BrakeMachine.Next(state, new BrakeEvent.Requested(Zero.AddSeconds(second), moves, Fleet), Policy);
}
