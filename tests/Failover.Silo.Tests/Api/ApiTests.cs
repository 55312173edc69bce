using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Failover.Abstractions.State;
using Failover.Cli;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Silo.Tests.Api;

/// <summary>From the command line to the stored row.</summary>
public sealed class ApiTests
{
    private static readonly string Example = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "examples", "run.yaml"));

    [Fact]
    public async Task Submit_TheExample_IsStoredAndShown()
    {
        await using var host = await ApiHost.StartAsync();

        var (code, output, error) = await host.RunAsync(Example, "run", "submit", "-", "--json");

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        var uid = (string)JsonNode.Parse(output)!["line"]!["uid"]!;
        Assert.Matches("^[0-9a-z]{26}$", uid);
        Assert.Contains("NotYetPlanned", (await host.RunAsync("", "run", "show", "llama-7b")).Out, StringComparison.Ordinal);
        Assert.Contains("llama-7b", (await host.RunAsync("", "run", "show", uid)).Out, StringComparison.Ordinal);
        Assert.Contains("llama-7b", (await host.RunAsync("", "run", "list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_TellWhatWasDecided_AndOfOneByName()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync(Example, "run", "submit", "-");

        var (code, output, error) = await host.RunAsync("", "events");
        var ofAnother = await host.RunAsync("", "events", "somebody-else");
        var json = await host.RunAsync("", "events", "--last", "1", "--json");
        var tooMany = await host.RunAsync("", "events", "--last", "10001");

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.Contains("run    llama-7b Waiting (NotYetPlanned): ", output, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Ok, "", ""), ofAnother);
        Assert.Equal("llama-7b", (string?)JsonNode.Parse(Assert.Single(json.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!["name"]);
        Assert.Equal(ExitCode.BadInput, tooMany.Code);
    }

    [Fact]
    public async Task Events_OneWriteThatDecidesTwoThings_TellsEachOnce()
    {
        await using var host = await ApiHost.StartAsync();
        var partition = TableStorage.PartitionOf("member");
        var member = MemberMachine.Create("eastus-a", "eastus", DateTimeOffset.UnixEpoch);
        member = MemberMachine.Next(member, new MemberEvent.Cordoned(member.Now, "ann"), new MemberPolicy { Sites = ["local"] }).State;
        await host.Table.WriteAsync(partition, [new TableWrite.Insert("eastus-a", StateJson.Write(member))]);
        var row = (await host.Table.ReadAsync(partition, "eastus-a"))!;
        // Something of another row in between, and then the same once more, within the member's own present.
        await host.Table.WriteAsync(partition, [new TableWrite.Insert("eastus-b", StateJson.Write(member with { Name = "eastus-b", LastCordon = null }))]);
        await host.Table.WriteAsync(partition, [new TableWrite.Replace("eastus-a", StateJson.Write(member), row.ETag)]);

        var (_, output, _) = await host.RunAsync("", "events");

        Assert.Equal(
            ["member eastus-a Unknown", "member eastus-a Cordoned: by ann", "member eastus-b Unknown"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line["1970-01-01 00:00:00.000Z  ".Length..]));
    }

    [Fact]
    public async Task Submit_FiveMistakes_AreFiveLinesExitCodeTwoAndNothingStored()
    {
        await using var host = await ApiHost.StartAsync();
        var document = Example
            .Replace("workers: 4", "workers: 0", StringComparison.Ordinal)
            .Replace("skus: [h100, a100]", "skus: [h200, a100]", StringComparison.Ordinal)
            .Replace("launch: 10m", "launch: soon", StringComparison.Ordinal)
            .Replace("tier: 2", "tierr: 2", StringComparison.Ordinal)
            .Replace("restartPolicy: Never", "hostNetwork: true", StringComparison.Ordinal);

        var (code, output, error) = await host.RunAsync(document, "run", "submit", "-");

        Assert.Equal((ExitCode.BadInput, ""), (code, output));
        Assert.Equal(
            """
            spec.gang.workers: is 0; write a whole number from 1 to 10000
            spec.skus[0]: there is no SKU "h200" in the fleet, which has h100, a100; did you mean "h100"?
            spec.deadlines.launch: is "soon"; write a duration from 1s to 7d, such as 90s, 10m or 1h30m
            spec.tierr: there is no such field; the fields here are checkpoints, datasets, deadlines, gang, maxRollbackSteps, placement, progress, regions, retries, skus, tier, workload; did you mean "tier"?
            spec.workload.spec.template.spec.hostNetwork: is true; leave it out, or write false: workloads don't share the node's namespaces

            """, error);
        Assert.Empty(await host.Names.ListAsync(TestContext.Current.CancellationToken));
        Assert.Null(await host.Table.ReadAsync("run-names/research", "llama-7b"));
    }

    [Fact]
    public async Task Submit_FieldWrittenTwice_IsToldByItsLine()
    {
        await using var host = await ApiHost.StartAsync();

        var (code, _, error) = await host.RunAsync("kind: TrainingRun\nkind: TrainingRun\n", "run", "submit", "-");

        Assert.Equal((ExitCode.BadInput, "line 2: kind is written twice, first in line 1; remove one\n"), (code, error));
    }

    [Fact]
    public async Task Submit_SameRequestTwice_MakesOneRun()
    {
        await using var host = await ApiHost.StartAsync();

        var first = await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-1");
        var second = await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-1");

        Assert.Equal(first, second);
        Assert.Single(await host.Names.ListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Submit_ManyOfOneNameAtOnce_MakesOneRun()
    {
        await using var host = await ApiHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.RunAsync(Example, "run", "submit", "-")));

        Assert.Single(answers, answer => answer.Code == ExitCode.Ok);
        Assert.All(answers.Where(answer => answer.Code != ExitCode.Ok), answer => Assert.StartsWith("metadata.name: is the name of a live run", answer.Error, StringComparison.Ordinal));
        Assert.Single(await host.Names.ListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Submit_NameOfATombstone_IsFreeAgain()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync(Example, "run", "submit", "-");
        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "run", "cancel", "llama-7b", "--yes")).Code);

        Assert.Equal(ExitCode.Ok, (await host.RunAsync(Example, "run", "submit", "-")).Code);

        var runs = await host.Names.ListAsync(TestContext.Current.CancellationToken);
        Assert.Equal([RunStep.Cancelled, RunStep.Waiting], runs.Select(run => run.Step).Order().Reverse());
        Assert.Equal("ada", runs.Single(run => run.IsTombstone).CancelledBy);
        Assert.Contains("NotYetPlanned", (await host.RunAsync("", "run", "show", "llama-7b")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Cancelled", (await host.RunAsync("", "run", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("Cancelled", (await host.RunAsync("", "run", "list", "--all")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_AfterAClaimThatBrokeOff_CarriesThatRunThrough()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-1");
        var uid = (await host.Names.ListAsync(TestContext.Current.CancellationToken)).Single().Uid;
        // As if the silo had died between the claim and the run's own row.
        var row = (await host.Table.ReadAsync(TableStorage.PartitionOf("run"), uid))!;
        await host.Table.WriteAsync(TableStorage.PartitionOf("run"), [new TableWrite.Delete(uid, row.ETag)]);

        var other = await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-2");

        Assert.Equal(ExitCode.BadInput, other.Code);
        Assert.Equal(uid, (await host.Names.ListAsync(TestContext.Current.CancellationToken)).Single().Uid);
    }

    [Fact]
    public async Task Submit_NobodyKnowsWhatTheTableDid_IsUnavailableAndRepeatable()
    {
        LostAnswers? lost = null;
        await using var host = await ApiHost.StartAsync(table => lost = new LostAnswers(table));

        var first = await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-1");
        lost!.IsLossy = false;
        var second = await host.RunAsync(Example, "run", "submit", "-", "--request-id", "request-1");

        Assert.Equal((ExitCode.Unavailable, ExitCode.Ok), (first.Code, second.Code));
        Assert.Contains("--request-id request-1", first.Error, StringComparison.Ordinal);
        Assert.Single(await host.Names.ListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Submit_BadRequestId_IsBadInput()
    {
        await using var host = await ApiHost.StartAsync();
        Assert.Equal(ExitCode.BadInput, (await host.RunAsync(Example, "run", "submit", "-", "--request-id", "no spaces")).Code);
    }

    [Fact]
    public async Task Commands_OfARunThatIsNot_AreNotFound()
    {
        await using var host = await ApiHost.StartAsync();
        foreach (var verb in (string[])["show", "cancel", "retry"])
            Assert.Equal(ExitCode.NotFound, (await host.RunAsync("", "run", verb, "no-such-run", "--yes")).Code);
        Assert.Equal(ExitCode.NotFound, (await host.RunAsync("", "run", "show", "01jn8x0000abcdefghjkmnpqrs")).Code);
    }

    [Fact]
    public async Task Retry_OfAWaitingRun_IsDoneAndOfAnEndedOneRefused()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync(Example, "run", "submit", "-");

        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "run", "retry", "llama-7b", "--from-nothing", "--yes")).Code);
        Assert.True((await host.Names.FindAsync("research", "llama-7b", TestContext.Current.CancellationToken))!.StartFromNothing);
        await host.RunAsync("", "run", "cancel", "llama-7b", "--yes");
        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "run", "cancel", "llama-7b", "--yes")).Code);
        Assert.Equal(ExitCode.Refused, (await host.RunAsync("", "run", "retry", "llama-7b")).Code);
    }

    [Fact]
    public async Task Show_StoreOutOfReach_SaysSoOfTheRunsThatHangOnIt()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync(Example, "run", "submit", "-");
        var run = (await host.Names.FindAsync("research", "llama-7b", TestContext.Current.CancellationToken))!;
        var store = run.Spec.Checkpoints.Store;
        host.Stores.Post(store, reached: false, "Input/output error", DateTimeOffset.UnixEpoch);
        host.Stores.Post("another", reached: false, "Input/output error", DateTimeOffset.UnixEpoch);

        var said = JsonNode.Parse((await host.RunAsync("", "run", "show", "llama-7b", "--json")).Out)!["storesOutOfReach"]!;

        Assert.Equal((store, "Input/output error"), ((string?)Assert.Single(said.AsArray())!["store"], (string?)said[0]!["detail"]));
        Assert.Contains($"unreached  store {store} for ", (await host.RunAsync("", "run", "show", "llama-7b")).Out, StringComparison.Ordinal);
        host.Stores.Post(store, reached: true, "", DateTimeOffset.UnixEpoch);
        Assert.DoesNotContain("unreached", (await host.RunAsync("", "run", "show", "llama-7b")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_AreListedShownAndTakenAtAnOperatorsWord()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(2, JsonNode.Parse((await host.RunAsync("", "member", "list", "--json")).Out)!.AsArray().Count);
        Assert.Single(JsonNode.Parse((await host.RunAsync("", "member", "list", "--region", "eastus", "--json")).Out)!.AsArray());
        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "member", "confirm-lost", "eastus-a", "--yes")).Code);
        Assert.Equal((MemberVerdict.Lost, "ada"), (host.Grains.Members["eastus-a"].State.Verdict, host.Grains.Members["eastus-a"].State.ConfirmedLostBy));
        Assert.Contains("Lost", (await host.RunAsync("", "member", "show", "eastus-a")).Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "member", "trust", "eastus-a")).Code);
        Assert.Null(host.Grains.Members["eastus-a"].State.ConfirmedLostBy);
    }

    [Fact]
    public async Task Members_Cordoned_TakeNoNewWorkAndSayWhoSaidSo()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "member", "cordon", "eastus-a")).Code);
        var cordoned = JsonNode.Parse((await host.RunAsync("", "member", "show", "eastus-a", "--json")).Out)!;
        Assert.Equal((true, "ada"), ((bool)cordoned["cordoned"]!, (string)cordoned["cordonedBy"]!));
        Assert.True(host.Grains.Members["eastus-a"].State.Cordoned);

        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "member", "uncordon", "eastus-a")).Code);
        Assert.False(host.Grains.Members["eastus-a"].State.Cordoned);
        Assert.Equal(ExitCode.NotFound, (await host.RunAsync("", "member", "cordon", "eastus-b")).Code);
    }

    [Fact]
    public async Task Members_NotInTheFleet_AreNotFoundAndToldApart()
    {
        await using var host = await ApiHost.StartAsync();
        var (code, _, error) = await host.RunAsync("", "member", "show", "eastus-b");
        Assert.Equal((ExitCode.NotFound, "The fleet has no member eastus-b; it has eastus-a, westeurope-a.\n"), (code, error));
        Assert.Equal(ExitCode.NotFound, (await host.RunAsync("", "member", "list", "--region", "mars")).Code);
        Assert.Empty(host.Grains.Members);
    }

    [Fact]
    public async Task Members_WithCapacity_ShowWhatIsFree()
    {
        await using var host = await ApiHost.StartAsync();
        await host.RunAsync("", "member", "list");
        var member = host.Grains.Members["eastus-a"];
        member.State = member.State with
        {
            Capacity = new CapacitySnapshot(1, [new PoolSnapshot("h100", 32, [1, 0, 0, 0, 1, 0, 0, 0, 2])], []),
            Reservations = [new GpuReservation("uid", 1, "effect", "h100", 2, 8, member.State.Now)],
            Evidence = [new Evidence("api", "local", Answer.No, TimeSpan.FromSeconds(3), member.State.Now, "time-out")],
        };

        var shown = JsonNode.Parse((await host.RunAsync("", "member", "show", "eastus-a", "--json")).Out)!;

        Assert.Equal("""[{"sku":"h100","gpusTotal":32,"gpusFree":20}]""", shown["pools"]!.ToJsonString());
        Assert.Equal(16, (int)shown["reservations"]![0]!["gpus"]!);
        Assert.Equal(("No", 3), ((string)shown["evidence"]![0]!["answer"]!, (int)shown["evidence"]![0]!["age"]!));
    }

    [Fact]
    public async Task Brake_ReleasedOnlyWhileItHolds()
    {
        await using var host = await ApiHost.StartAsync();
        Assert.Equal(ExitCode.Refused, (await host.RunAsync("", "brake", "release", "--yes")).Code);
        var at = new DateTimeOffset(2026, 3, 1, 11, 59, 0, TimeSpan.Zero);
        host.Grains.Brake.State = host.Grains.Brake.State with { HeldBecause = "too much at once", HeldSince = at, Permits = [new Domain.Health.Permit("r1", 1, "west", 64, at), new Domain.Health.Permit("r2", 1, "east", 8, at), new Domain.Health.Permit("r3", 1, "east", 8, at.AddHours(-1))] };

        var shown = (await host.RunAsync("", "brake", "show")).Out;
        Assert.Contains("too much at once", shown, StringComparison.Ordinal);
        Assert.Contains("72 GPUs and 2 runs in 2 regions within 10 min", shown, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, (await host.RunAsync("", "brake", "release", "--yes")).Code);

        Assert.Null(host.Grains.Brake.State.HeldBecause);
        Assert.Equal("ada", host.Grains.Brake.State.Release?.By);
    }

    /// <summary>Writes, and then can't say so.</summary>
    private sealed class LostAnswers(IConditionalTable table) : IConditionalTable
    {
        public bool IsLossy { get; set; } = true;

        public Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default) => table.ReadAsync(partition, row, cancellationToken);

        public async IAsyncEnumerable<TableRow> RangeAsync(
            string partition, string? fromRow = null, string? toRow = null, int limit = int.MaxValue, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var row in table.RangeAsync(partition, fromRow, toRow, limit, cancellationToken))
                yield return row;
        }

        public async Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default)
        {
            var result = await table.WriteAsync(partition, writes, cancellationToken);
            return IsLossy ? new WriteResult(WriteOutcome.Unknown, []) : result;
        }
    }
}
