using Failover.Kubernetes.Connection;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Failover.Kubernetes.Resilience;

/// <summary>
/// What stands between us and one member's API server for calls that are safe to repeat: retry with decorrelated jitter, around a circuit breaker,
/// around a time limit for each try. Probes bypass it, since they must see what is there, and watches, since they have a rhythm of their own.
/// </summary>
internal sealed class MemberPipeline
{
    private readonly ResiliencePipeline<ApiAnswer> pipeline;

    public MemberPipeline(string member, KubernetesOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<ApiAnswer> { Name = "member", InstanceName = member, TimeProvider = time };
        pipeline = builder
            .AddRetry(new RetryStrategyOptions<ApiAnswer>
            {
                MaxRetryAttempts = options.RetriesMax,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { } answer && IsWorthRepeating(answer)),
                DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(
                    args.Outcome.Result?.RetryAfter is { } wait ? (wait < options.RetryDelayMax ? wait : options.RetryDelayMax) : null),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<ApiAnswer>
            {
                FailureRatio = options.BreakerFailureRatio,
                MinimumThroughput = options.BreakerThroughputMin,
                SamplingDuration = options.BreakerWindow,
                BreakDuration = options.BreakerDuration,
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { } answer && IsMemberUnwell(answer)),
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.TryTimeout })
            .Build();
    }

    /// <summary>
    /// Runs a call that is safe to repeat. The answer is that of the last try, unless an earlier one may have acted and the last one did not reach the
    /// server: then it is that earlier one's, since the doubt stays.
    /// </summary>
    public async Task<ApiAnswer> RunAsync(Func<CancellationToken, Task<System.Text.Json.JsonElement>> call, CancellationToken cancellationToken)
    {
        ApiAnswer? doubtful = null;
        try
        {
            var last = await pipeline.ExecuteAsync(
                async attempt =>
                {
                    var answer = await ApiAnswer.FromAsync(call, attempt, cancellationToken);
                    doubtful = answer.MayHaveActed ? answer : doubtful;
                    return answer;
                },
                cancellationToken);
            return last.Kind == ApiAnswerKind.Answered ? last : doubtful ?? last;
        }
        catch (BrokenCircuitException)
        {
            return doubtful ?? new ApiAnswer(ApiAnswerKind.NotSent, default, "not sent: the circuit is open after too many failed calls");
        }
    }

    // A try that timed out is not repeated: it used the caller's patience up, and reading back tells more.
    private static bool IsWorthRepeating(ApiAnswer answer) => answer.Kind switch
    {
        ApiAnswerKind.NotSent or ApiAnswerKind.Lost => true,
        ApiAnswerKind.Answered => (int)answer.Status is 429 or >= 500,
        _ => false,
    };

    private static bool IsMemberUnwell(ApiAnswer answer) => answer.MayHaveActed || answer.Kind == ApiAnswerKind.NotSent;
}
