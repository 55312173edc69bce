using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

public sealed class RunTableTests
{
    [Fact]
    public void Table_EveryStepAndEvent_HasExactlyOneRow()
    {
        var events = typeof(RunEvent).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).ToList();
        var rows = RunMachine.Table.Select(row => (row.Step, row.Event)).ToHashSet();

        var missing = from step in Enum.GetValues<RunStep>() from happened in events where !rows.Contains((step, happened)) select $"{step} × {happened.Name}";

        Assert.Empty(missing);
        Assert.Equal(Enum.GetValues<RunStep>().Length * events.Count, RunMachine.Table.Count());
    }

    [Fact]
    public void Table_EveryRow_SaysWhatIsDoneAndWhy() => Assert.All(RunMachine.Table, row => Assert.False(string.IsNullOrWhiteSpace(row.Why)));

    [Fact]
    public void Next_AnyEventOnATombstone_ChangesNothingButOwedSeals()
    {
        foreach (var step in (RunStep[])[RunStep.Finished, RunStep.Cancelled])
        {
            var tombstone = Sample.Running(2) with { Step = step };
            foreach (var happened in Sample.Events(tombstone))
                Assert.False(RunMachine.Next(tombstone, happened, Sample.Policy).Changed, $"{step} × {happened.GetType().Name}");
        }
    }

    [Fact]
    public void Next_ClockThatRunsBackwards_NeverMovesTheRunsTimeBack()
    {
        foreach (var step in Enum.GetValues<RunStep>())
        {
            var state = Sample.In(step);
            foreach (var happened in Sample.Events(state).Select(happened => happened with { At = state.Now - TimeSpan.FromHours(1) }))
                Assert.True(RunMachine.Next(state, happened, Sample.Policy).State.Now >= state.Now);
        }
    }

    [Fact]
    public void Next_EveryStepAndEvent_KeepsTheShapeOfTheState()
    {
        foreach (var step in Enum.GetValues<RunStep>())
        {
            var state = Sample.In(step);
            foreach (var happened in Sample.Events(state))
            {
                var after = RunMachine.Next(state, happened, Sample.Policy).State;
                Assert.Equal(after.Step == RunStep.Waiting, after.Waiting is not null);
                Assert.True(after.Overdue is null || after.Step == RunStep.Fenced, "only what can't be given up is overdue");
                var moving = after.Step is >= RunStep.Planned and <= RunStep.Verifying;
                Assert.Equal(moving, after.Move is not null);
                Assert.True(after.EpochNumber >= state.EpochNumber, "an epoch only rises");
                Assert.Equal(after.EpochNumber, after.Past.Length + (after.Epoch is null ? 0 : 1));
            }
        }
    }
}
