using Failover.Chaos.Checking;
using Failover.Chaos.Reporting;

namespace Failover.Chaos.Tests.Reporting;

public sealed class ReportTextTests
{
    [Fact]
    public void Lines_LongNamesAndLargeNumbers_FitAScreen()
    {
        var move = new MoveReport(
            "run-00-2048gpu", 2048, 12, "southeastasia-1", "southeastasia-2", 100.5, 119.2, 120.4, 121.2, 122.8, 127.9, 1234, 5678, 123.456, $"Passed over {new string('x', 200)}")
        { Plan = new StoredNote("Solver", 0.1234, 1, 2, 3, null, null) };
        var wait = new WaitReport("run-00-2048gpu", "NoFit", new string('y', 200), 1234.5) { PerMember = [new StoredReason("southeastasia-1", new string('z', 200))] };

        var lines = ReportText.Lines(new ChaosReport("by-hand", 1, [], [move], [wait], new ZombieCount(0, 0, 0), 0, 0)).ToList();

        Assert.All(lines, line => Assert.True(line.Length <= 100, $"{line.Length} columns: {line}"));
        Assert.Contains("from southeastasia-1:", lines);
        Assert.Contains(lines, line => line.StartsWith("run-00-2048gpu 12 southeastasia-2  100.5  119.2  120.4  121.2  122.8  127.9 1234/5678 123.456 12.34%", StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_NoPlanAndUnknownTimes_SayNothingInstead()
    {
        var move = new MoveReport("run-a", 8, 2, "a", "b", null, null, null, null, null, null, 0, 0, null, null);

        Assert.Contains(
            ReportText.Lines(new ChaosReport("by-hand", 1, [], [move], [], new ZombieCount(0, 0, 0), 0, 0)),
            line => line.EndsWith(" 0/0       -      -", StringComparison.Ordinal));
    }
}
