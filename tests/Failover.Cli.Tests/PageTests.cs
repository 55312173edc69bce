namespace Failover.Cli.Tests;

/// <summary>What people see, at 100 columns.</summary>
public sealed class PageTests : CliTestBase
{
    [Fact]
    public async Task RunList_SomeRuns_IsATable()
    {
        Answers.Lines.AddRange([Samples.Line(), Samples.WaitingLine()]);
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "list"));
        EqualSnapshot("run-list");
    }

    [Fact]
    public async Task RunShow_Running_ShowsAllOfIt()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "show", "llama-7b"));
        EqualSnapshot("run-show");
    }

    [Fact]
    public async Task RunShow_Waiting_SaysWhy()
    {
        Answers.Run = Samples.WaitingRun();
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "show", "a-run-whose-name-is-as-long-as-names-get"));
        EqualSnapshot("run-show-waiting");
    }

    [Theory]
    [InlineData("", 0, "none was found")]
    [InlineData("west-1 (h100)", 12.34, "west-1 (h100), 12.3 less")]
    // A plan that was not worked out to the end.
    [InlineData("west-1 (h100)", -12.34, "west-1 (h100), 12.3 more")]
    public async Task RunShow_PlacedByAPlan_SaysWhatWouldHaveBeenNextBest(string runnerUp, double loss, string said)
    {
        var run = Samples.Run();
        run.LastMove.Note = new() { Engine = "Greedy", RunnerUp = runnerUp, RunnerUpLoss = loss };
        Answers.Run = run;

        await RunAsync("run", "show", "llama-7b");

        Assert.Contains($"next best       {said}\n", Out, StringComparison.Ordinal);
        Assert.Contains("plan            Greedy, nothing proven of it\n", Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunShow_Overdue_SaysWhatItWaitsFor()
    {
        var run = Samples.Run();
        run.Line.Step = "Fenced";
        run.Overdue = new() { Detail = "Epoch 2 is not sealed: it waits for west.", Since = Samples.Ago(61), LastTry = "no answer within 0:00:15" };
        Answers.Run = run;

        Assert.Equal(ExitCode.Ok, await RunAsync("run", "show", "llama-7b"));

        var said = string.Join(' ', Out.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("overdue for 1m01s. Epoch 2 is not sealed: it waits for west. The last try: no answer within 0:00:15", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MemberList_SomeMembers_IsATable()
    {
        var healthy = Samples.Member();
        (healthy.Name, healthy.Verdict, healthy.IsTarget) = ("eastus-b", "Healthy", true);
        var troubled = Samples.Member();
        (troubled.Trouble, troubled.TroubleDetail, troubled.Advice) = ("Unreachable", "Connection refused", "Nothing answers at its address.");
        Answers.Members.AddRange([troubled, healthy]);
        Assert.Equal(ExitCode.Ok, await RunAsync("member", "list"));
        EqualSnapshot("member-list");
    }

    [Fact]
    public async Task MemberShow_ControlPlaneDown_ListsItsEvidence()
    {
        var troubled = Samples.Member();
        (troubled.Trouble, troubled.TroubleDetail, troubled.Advice) = ("Unreachable", "Connection refused", "Nothing answers at its address.");
        Answers.Members.Add(troubled);
        Assert.Equal(ExitCode.Ok, await RunAsync("member", "show", "eastus-a"));
        EqualSnapshot("member-show");
    }

    [Fact]
    public async Task BrakeShow_Held_SaysWhyAndWhatNext()
    {
        Answers.Brake = Samples.HeldBrake();
        Assert.Equal(ExitCode.Ok, await RunAsync("brake", "show"));
        EqualSnapshot("brake-show");
    }

    [Fact]
    public async Task RunList_NoRuns_SaysSo()
    {
        await RunAsync("run", "list");
        Equal("No runs are live. --all shows those that ended as well.");
    }

    [Fact]
    public async Task RunList_OnATerminal_IsColoured()
    {
        IsColoured = true;
        Answers.Lines.Add(Samples.Line());
        await RunAsync("run", "list");
        Assert.Contains("\e[", Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunList_ControlCharactersInAName_DoNotReachTheTerminal()
    {
        Answers.Lines.Add(Samples.Line("evil\e[2J"));
        await RunAsync("run", "list");
        Assert.Contains("evil?[2J", Out, StringComparison.Ordinal);
    }

    // A snapshot that no longer fits is replaced by hand, once somebody has looked at what is printed now.
    private void EqualSnapshot(string name) =>
        Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", name + ".txt")).TrimEnd('\n'));

    private void Equal(string expected)
    {
        Assert.All(Out.Split('\n'), line => Assert.InRange(line.Length, 0, Surroundings.WidthDefault));
        Assert.Equal(expected, Out.TrimEnd('\n'));
    }
}
