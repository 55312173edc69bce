using System.Collections.Immutable;
using System.Text;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

/// <summary>Passes of the planner over a small world, each pass's words applied to the runs' machines before the next.</summary>
public sealed class TranscriptTests
{
    private static readonly PlanningPolicy Policy = new();
    private readonly StringBuilder _transcript = new();
    private PlannerInput _world = Input([]);

    [Fact]
    public void RegionLostAndBack_MovesWhatFitsAndTheRestReturns()
    {
        _world = Input(
            [
                Run("a", RunStep.Running, workers: 2, tier: 3).On("e1"),
                Run("b", RunStep.Running, workers: 4, tier: 2).On("e1"),
                Run("c", RunStep.Running, workers: 1).On("w1"),
                Run("d", workers: 1),
            ],
            Member("e1", nodes: 6), Member("w1", nodes: 4));
        _world = _world with { Fleet = World with { Members = [.. World.Members.Where(member => member.Name is "e1" or "w1")] } };

        Pass("all is well");
        Set(Member("e1", MemberVerdict.Lost, nodes: 6));
        Pass("e1 is lost, the brake holds", granted: false);
        Pass("nothing has changed", granted: false);
        Pass("the brake lets go");
        Pass("nothing has changed");
        Set(Member("e1", nodes: 6) with { VerdictSince = _world.Now, Clean = false });
        Pass("e1 is back, not swept yet");
        _world = _world with { Now = _world.Now.AddMinutes(2) };
        Pass("time for its epochs to step has passed");
        Set(Member("e1", nodes: 6));
        Pass("e1 is clean");

        Assert.Equal(
            """
            # all is well
            d placed Initial on w1
            # e1 is lost, the brake holds
            a displaced: Member e1 is lost.
            b displaced: Member e1 is lost.
            ask: a/e1 of east 16 GPUs, b/e1 of east 32 GPUs
            a held: more than the budget
            b held: more than the budget
            # nothing has changed
            ask: a/e1 of east 16 GPUs, b/e1 of east 32 GPUs
            # the brake lets go
            ask: a/e1 of east 16 GPUs, b/e1 of east 32 GPUs
            a placed Failover on w1
            b not placed: e1: region east is Lost: All of its members that could tell are lost.; w1: not enough h100: needs 32 GPUs, 16 free
            # nothing has changed
            ask: b/e1 of east 32 GPUs
            b not placed: e1: region east is Lost: All of its members that could tell are lost.; w1: not enough h100: needs 32 GPUs, 0 free
            # e1 is back, not swept yet
            # time for its epochs to step has passed
            b not placed: e1: It came back from a loss, and stale epochs may still be there.; w1: not enough h100: needs 32 GPUs, 0 free
            # e1 is clean
            b placed Restart on e1

            """,
            _transcript.ToString(),
            ignoreLineEndingDifferences: true);
    }

    private void Set(MemberState member) =>
        _world = _world with { Members = [.. _world.Members.Select(other => other.Name == member.Name ? member : other)] };

    private void Pass(string title, bool granted = true)
    {
        _transcript.Append("# ").AppendLine(title);
        var found = Displacement.Find(_world, Policy);
        Tell(found.Events);
        if (!found.Requested.Displaced.IsEmpty)
            _transcript.AppendLine($"ask: {string.Join(", ", found.Requested.Displaced.Select(asked => $"{asked.RunUid}/e{asked.Epoch} of {asked.Region} {asked.Gpus} GPUs"))}");
        ImmutableArray<PermitAnswer> answers =
            [.. found.Requested.Displaced.Select(asked => new PermitAnswer(asked.RunUid, asked.Epoch, granted, granted ? "" : "more than the budget"))];
        Tell(PlannerPass.Place(_world, answers, Policy).Events);
    }

    private void Tell(ImmutableArray<AddressedEvent> events)
    {
        foreach (var (uid, happened) in events)
        {
            _transcript.AppendLine($"{uid} {Words(happened)}");
            _world = _world with { Runs = [.. _world.Runs.Select(run => run.Uid == uid ? RunMachine.Next(run, happened, new()).State : run)] };
        }
    }

    private static string Words(RunEvent happened) => happened switch
    {
        RunEvent.Displaced displaced => $"displaced: {displaced.Detail}",
        RunEvent.Placed placed => $"placed {placed.Cause} on {placed.Target.Member}",
        RunEvent.NotPlaced not => $"not placed: {string.Join("; ", not.PerMember.Select(reason => $"{reason.Member}: {reason.Reason}"))}",
        RunEvent.BrakeHeld held => $"held: {held.Detail}",
        _ => happened.ToString(),
    };
}
