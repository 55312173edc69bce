using System.Text.Json.Nodes;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Cli.Tests;

/// <summary>Exit codes, JSON, and what the silo is asked.</summary>
public sealed class CommandTests : CliTestBase
{
    [Fact]
    public async Task Submit_FromStandardInput_SendsTheDocumentAndPrintsTheUid()
    {
        Input = "kind: TrainingRun\n";

        Assert.Equal(ExitCode.Ok, await RunAsync("run", "submit", "-", "--request-id", "request-1"));

        var request = Assert.IsType<SubmitRunRequest>(Assert.Single(Answers.Requests));
        Assert.Equal(("kind: TrainingRun\n", "request-1"), (request.Document, request.RequestId));
        Assert.Equal("llama-7b is submitted; its uid is 01jn8x0000abcdefghjkmnpqrs.\n", Out);
    }

    [Fact]
    public async Task Submit_Twice_DrawsARequestIdEachTime()
    {
        await RunAsync("run", "submit", "-");
        await RunAsync("run", "submit", "-");

        var ids = Answers.Requests.Cast<SubmitRunRequest>().Select(request => request.RequestId).ToList();
        Assert.All(ids, id => Assert.Equal(32, id.Length));
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public async Task Submit_Faults_AreALineEachOnTheErrorStream()
    {
        Answers.Submit = new SubmitRunReply
        {
            Faults = new Faults { Items = { new Fault { Path = "spec.tier", Message = "is 4" }, new Fault { Path = "line 7", Message = "x is written twice" } } },
        };

        Assert.Equal(ExitCode.BadInput, await RunAsync("run", "submit", "-"));
        Assert.Equal("spec.tier: is 4\nline 7: x is written twice\n", Error);
        Assert.Empty(Out);

        Assert.Equal(ExitCode.BadInput, await RunAsync("run", "submit", "-", "--json"));
        Assert.Equal("""{"faults":{"items":[{"path":"spec.tier","message":"is 4"},{"path":"line 7","message":"x is written twice"}]}}""", JsonNode.Parse(Out)!.ToJsonString());
    }

    [Fact]
    public async Task Submit_NoSuchFile_IsBadInput()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("run", "submit", Path.Combine(Path.GetTempPath(), "there-is-no-such-file.yaml")));
        Assert.Contains("can't be read", Error, StringComparison.Ordinal);
        Assert.Empty(Answers.Requests);
    }

    [Fact]
    public async Task Submit_Unavailable_NamesTheRequestIdToRepeat()
    {
        Answers.Refusal = new Status(StatusCode.Unavailable, "The table did not answer.");

        Assert.Equal(ExitCode.Unavailable, await RunAsync("run", "submit", "-", "--request-id", "request-1"));
        Assert.Equal("To submit again without making a second run, add --request-id request-1.\nThe table did not answer.\n", Error);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, ExitCode.BadInput)]
    [InlineData(StatusCode.NotFound, ExitCode.NotFound)]
    [InlineData(StatusCode.Unavailable, ExitCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded, ExitCode.Unavailable)]
    [InlineData(StatusCode.FailedPrecondition, ExitCode.Refused)]
    [InlineData(StatusCode.Internal, ExitCode.Failed)]
    [InlineData(StatusCode.Unimplemented, ExitCode.Failed)]
    public async Task Show_SiloRefuses_ExitCodeSaysHow(StatusCode status, int code)
    {
        Answers.Refusal = new Status(status, "Why.");

        Assert.Equal(code, await RunAsync("run", "show", "x"));
        Assert.Empty(Out);
        Assert.NotEmpty(Error);
    }

    [Fact]
    public async Task Show_NobodyListens_IsUnavailableAndSaysWhatToDo()
    {
        var gone = await FakeSilo.StartAsync();
        var endpoint = gone.Endpoint;
        await gone.DisposeAsync();

        Assert.Equal(ExitCode.Unavailable, await RunAtAsync(endpoint, "brake", "show"));
        Assert.Equal($"No silo answers at {endpoint}. Start one there, or name another by --endpoint or FAILOVER_ENDPOINT.\n", Error);
    }

    [Theory]
    [InlineData("run", "cancel", "llama-7b")]
    [InlineData("run", "retry", "llama-7b", "--from-nothing")]
    [InlineData("member", "confirm-lost", "eastus-a")]
    [InlineData("brake", "release")]
    public async Task Dangerous_NobodyToAsk_IsRefusedWithoutYes(params string[] args)
    {
        Answers.Members.Add(Samples.Member());

        Assert.Equal(ExitCode.Refused, await RunAsync(args));
        Assert.Contains("Add --yes", Error, StringComparison.Ordinal);
        Assert.Empty(Answers.Requests);

        Assert.Equal(ExitCode.Ok, await RunAsync([.. args, "--yes"]));
        Assert.Single(Answers.Requests);
    }

    [Theory]
    [InlineData("y\n", ExitCode.Ok, 1)]
    [InlineData("n\n", ExitCode.Refused, 0)]
    [InlineData("", ExitCode.Refused, 0)]
    public async Task Dangerous_OnATerminal_Asks(string answer, int code, int requests)
    {
        (CanAsk, Input) = (true, answer);

        Assert.Equal(code, await RunAsync("brake", "release"));
        Assert.StartsWith("Release the brake?", Error, StringComparison.Ordinal);
        Assert.Equal(requests, Answers.Requests.Count);
    }

    [Fact]
    public async Task Cancel_SaysWhoAsked()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "cancel", "llama-7b", "--tenant", "research", "--yes"));

        var request = Assert.IsType<CancelRunRequest>(Assert.Single(Answers.Requests));
        Assert.Equal(("ada", "llama-7b", "research"), (request.By, request.Run.NameOrUid, request.Run.Tenant));
    }

    [Fact]
    public async Task Retry_PlainOne_NeedsNoConfirmation()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "retry", "llama-7b"));
        Assert.False(Assert.IsType<RetryRunRequest>(Assert.Single(Answers.Requests)).FromNothing);
    }

    [Fact]
    public async Task Trust_IsSent()
    {
        Answers.Members.Add(Samples.Member());

        Assert.Equal(ExitCode.Ok, await RunAsync("member", "trust", "eastus-a"));
        Assert.Equal(("eastus-a", "ada"), (((MemberCommand)Answers.Requests[0]).Name, ((MemberCommand)Answers.Requests[0]).By));
    }

    [Fact]
    public async Task Cordon_AndUncordon_AreSentWithoutAskingAndShowWhoSaidSo()
    {
        Answers.Members.Add(Samples.Member());

        Assert.Equal(ExitCode.Ok, await RunAsync("member", "cordon", "eastus-a"));
        Assert.Contains("cordoned by        ada", Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await RunAsync("member", "uncordon", "eastus-a"));
        Assert.DoesNotContain("cordoned by", Out, StringComparison.Ordinal);
        Assert.All(Answers.Requests.Cast<MemberCommand>(), request => Assert.Equal(("eastus-a", "ada"), (request.Name, request.By)));
    }

    [Theory]
    [InlineData("run", "list", "[]")]
    [InlineData("member", "list", "[]")]
    [InlineData("brake", "show", """{"held":false,"heldBecause":"","heldSince":null,"permits":[],"releasedBy":"","releasedAt":null,"gpusCharged":0,"runsCharged":0,"regionsCharged":[],"window":null,"gpuShareMax":0,"runShareMax":0}""")]
    public async Task Json_OfNothing_IsWhole(string noun, string verb, string json)
    {
        Assert.Equal(ExitCode.Ok, await RunAsync(noun, verb, "--json"));
        Assert.Equal(json, JsonNode.Parse(Out)!.ToJsonString());
    }

    [Fact]
    public async Task Json_OfARun_HasNumbersAsNumbersAndAbsentOnesAsNull()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("run", "show", "llama-7b", "--json"));
        var run = JsonNode.Parse(Out)!;
        Assert.Equal(184_210L, (long)run["line"]!["trainingStep"]!);
        Assert.Equal("2026-03-01T11:56:48Z", (string?)run["line"]!["stepSince"]);
        Assert.Null(run["waiting"]);
        Assert.Equal("e2/0", (string?)run["tips"]![0]!["commit"]);

        Answers.Run = Samples.WaitingRun();
        await RunAsync("run", "show", "x", "--json");
        Assert.True(JsonNode.Parse(Out)!["line"]!.AsObject().TryGetPropertyValue("trainingStep", out var step));
        Assert.Null(step);
    }

    [Fact]
    public async Task Json_OfAMember_HasDurationsInSeconds()
    {
        Answers.Members.Add(Samples.Member());
        await RunAsync("member", "show", "eastus-a", "--json");
        Assert.Equal(2.5, (double)JsonNode.Parse(Out)!["evidence"]![1]!["age"]!);
    }

    [Theory]
    [InlineData("run", "shw", "x")]
    [InlineData("run", "show")]
    [InlineData("run", "list", "--nonsense")]
    public async Task Parse_BadCommandLine_IsBadInputAndPointsToHelp(params string[] args)
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync(args));
        Assert.Contains("--help'.", Error, StringComparison.Ordinal);
        Assert.Empty(Out);
    }

    [Fact]
    public async Task Endpoint_NotAUrl_IsBadInput()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("run", "list", "--endpoint", "localhost"));
        Assert.Contains("write a URL", Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_Root_ListsExitCodes()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("--help"));
        Assert.Contains("Exit codes: 0 done", Out.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }
}
