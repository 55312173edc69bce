using Failover.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failover.Cli.Tests;

/// <summary>A gRPC server on loopback that answers what a test wants, and remembers what it was asked.</summary>
internal sealed class FakeSilo : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeSilo(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.Single();

    public Answers Answers => _app.Services.GetRequiredService<Answers>();

    public static async Task<FakeSilo> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Answers>();
        var app = builder.Build();
        app.MapGrpcService<FakeRuns>();
        app.MapGrpcService<FakeMembers>();
        app.MapGrpcService<FakeBrake>();
        await app.StartAsync();
        return new FakeSilo(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>What the fake answers; a status goes before everything else.</summary>
internal sealed class Answers
{
    public List<object> Requests { get; } = [];

    public Status? Refusal { get; set; }

    public SubmitRunReply Submit { get; set; } = new() { Submitted = Samples.Run() };

    public List<RunLine> Lines { get; } = [];

    public Run Run { get; set; } = Samples.Run();

    public List<Member> Members { get; } = [];

    public BrakeView Brake { get; set; } = new();

    public T Take<T>(object request, T answer)
    {
        Requests.Add(request);
        return Refusal is { } status ? throw new RpcException(status) : answer;
    }
}

internal sealed class FakeRuns(Answers answers) : Runs.RunsBase
{
    public override Task<SubmitRunReply> Submit(SubmitRunRequest request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Submit));

    public override async Task List(ListRunsRequest request, IServerStreamWriter<RunLine> responseStream, ServerCallContext context)
    {
        foreach (var line in answers.Take(request, answers.Lines))
            await responseStream.WriteAsync(line);
    }

    public override Task<Run> Show(RunRef request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Run));

    public override Task<Run> Cancel(CancelRunRequest request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Run));

    public override Task<Run> Retry(RetryRunRequest request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Run));
}

internal sealed class FakeMembers(Answers answers) : Members.MembersBase
{
    public override Task<ListMembersReply> List(ListMembersRequest request, ServerCallContext context)
    {
        var reply = new ListMembersReply();
        reply.Members.AddRange(answers.Members);
        return Task.FromResult(answers.Take(request, reply));
    }

    public override Task<Member> Show(MemberRef request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Members[0]));

    public override Task<Member> ConfirmLost(MemberCommand request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Members[0]));

    public override Task<Member> Trust(MemberCommand request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Members[0]));

    public override Task<Member> Cordon(MemberCommand request, ServerCallContext context) =>
        Task.FromResult(answers.Take(request, new Member(answers.Members[0]) { Cordoned = true, CordonedBy = request.By }));

    public override Task<Member> Uncordon(MemberCommand request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Members[0]));
}

internal sealed class FakeBrake(Answers answers) : Brake.BrakeBase
{
    public override Task<BrakeView> Show(ShowBrakeRequest request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Brake));

    public override Task<BrakeView> Release(ReleaseBrakeRequest request, ServerCallContext context) => Task.FromResult(answers.Take(request, answers.Brake));
}
