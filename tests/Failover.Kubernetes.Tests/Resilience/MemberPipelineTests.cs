using System.Text.Json;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Kubernetes.Tests.Resilience;

public sealed class MemberPipelineTests
{
    private static readonly KubernetesOptions Options = new() { BreakerThroughputMin = 4, BreakerDuration = TimeSpan.FromSeconds(5), RetriesMax = 1 };

    private readonly FakeTimeProvider time = new();
    private readonly MemberPipeline pipeline;
    private int calls;

    public MemberPipelineTests() => pipeline = new MemberPipeline("east-1", Options, time);

    [Fact]
    public async Task Run_MemberKeepsFailing_CircuitOpensAndNothingIsSent()
    {
        await OpenAsync();

        var answer = await RunAsync(() => default);

        Assert.Equal((ApiAnswerKind.NotSent, 4), (answer.Kind, calls));
        Assert.Contains("circuit", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OpenForItsTimeAndOneTryEndsWell_CircuitCloses()
    {
        await OpenAsync();
        time.Advance(Options.BreakerDuration);

        Assert.True((await RunAsync(() => default)).Ok);
        Assert.True((await RunAsync(() => default)).Ok);
        Assert.Equal(6, calls);
    }

    [Fact]
    public async Task Run_OpenForItsTimeAndOneTryFails_CircuitStaysOpen()
    {
        await OpenAsync();
        time.Advance(Options.BreakerDuration);
        await RunAsync(TimedOut);

        Assert.Equal(ApiAnswerKind.NotSent, (await RunAsync(() => default)).Kind);
        Assert.Equal(5, calls);
    }

    [Fact]
    public async Task Run_LostThenNotSent_DoubtStays()
    {
        var running = RunAsync(() => throw new HttpRequestException(calls == 1 ? HttpRequestError.ResponseEnded : HttpRequestError.ConnectionError, "cut"));
        time.Advance(Options.RetryDelayMax);

        Assert.Equal((ApiAnswerKind.Lost, 2), ((await running).Kind, calls));
    }

    [Fact]
    public async Task Run_LostThenAnswered_TheAnswerCounts()
    {
        var running = RunAsync(() => calls == 1 ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut") : default);
        time.Advance(Options.RetryDelayMax);

        Assert.True((await running).Ok);
    }

    [Fact]
    public async Task Run_TimedOut_NotRepeated()
    {
        Assert.Equal((ApiAnswerKind.TimedOut, 1), ((await RunAsync(TimedOut)).Kind, calls));
    }

    [Fact]
    public async Task Run_TryTakesTooLong_TimedOutByItsLimit()
    {
        var running = pipeline.RunAsync(
            async attempt =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, attempt);
                return default;
            },
            CancellationToken.None);
        time.Advance(Options.TryTimeout);

        Assert.Equal(ApiAnswerKind.TimedOut, (await running).Kind);
    }

    [Fact]
    public async Task Run_Bug_IsThrown() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(() => throw new InvalidOperationException("a bug")));

    private static JsonElement TimedOut() => throw new OperationCanceledException();

    private async Task OpenAsync()
    {
        for (var call = 0; call < Options.BreakerThroughputMin; call++)
        {
            await RunAsync(TimedOut);
        }
    }

    private Task<ApiAnswer> RunAsync(Func<JsonElement> call) => pipeline.RunAsync(
        _ =>
        {
            calls++;
            return Task.FromResult(call());
        },
        CancellationToken.None);
}
