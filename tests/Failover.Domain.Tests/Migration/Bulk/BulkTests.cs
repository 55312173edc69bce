using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration.Bulk;

public sealed class BulkTests(ITestOutputHelper output)
{
    /// <summary>Set FAILOVER_SCHEDULES to run more, FAILOVER_SEED to replay one.</summary>
    private static readonly int Schedules = Number("FAILOVER_SCHEDULES", 1_000);

    [Fact]
    public void Machine_SeededSchedulesOfCrashesAndLostAnswers_ViolateNothing()
    {
        var first = Number("FAILOVER_SEED", 1);
        var count = Environment.GetEnvironmentVariable("FAILOVER_SEED") is null ? Schedules : 1;
        var pairs = new HashSet<(RunStep, Type)>();
        var preemptions = 0;
        for (var seed = first; seed < first + count; seed++)
        {
            var schedule = new Schedule(seed, Mutant.None);
            schedule.Run();
            pairs.UnionWith(schedule.Pairs);
            preemptions += schedule.Preemptions;
            if (count == 1 || schedule.Violations.Count > 0)
                output.WriteLine(string.Join('\n', schedule.Transcript));
            Assert.True(schedule.Violations.Count == 0, $"seed {seed}: {string.Join("; ", schedule.Violations)} (replay: FAILOVER_SEED={seed})");
        }
        Assert.True(count == 1 || preemptions > count / 10, $"only {preemptions} preemptions in {count} schedules");
        output.WriteLine($"schedules {count}, violations 0, preemptions {preemptions}, distinct (step × event) pairs {pairs.Count} of {RunMachine.Table.Count()}");
    }

    [Theory]
    [InlineData(Mutant.EtagCheckOff)]
    [InlineData(Mutant.SealSkipped)]
    [InlineData(Mutant.HighestStep)]
    [InlineData(Mutant.NoPin)]
    [InlineData(Mutant.NoReread)]
    [InlineData(Mutant.VerificationOff)]
    [InlineData(Mutant.ProvenanceOff)]
    public void Machine_WithAGuardTakenAway_IsCaught(Mutant mutant)
    {
        for (var seed = 1; seed <= 5_000; seed++)
        {
            var schedule = new Schedule(seed, mutant);
            schedule.Run();
            if (schedule.Violations.Count == 0)
                continue;
            output.WriteLine($"{mutant}: caught by seed {seed}: {schedule.Violations[0]}");
            return;
        }
        Assert.Fail($"No schedule caught {mutant}.");
    }

    private static int Number(string name, int fallback) => int.TryParse(Environment.GetEnvironmentVariable(name), out var number) ? number : fallback;
}
