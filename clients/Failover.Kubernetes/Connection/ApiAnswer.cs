using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using Failover.Kubernetes.Watching;
using k8s;
using k8s.Autorest;
using k8s.Exceptions;

namespace Failover.Kubernetes.Connection;

/// <summary>How a call ended.</summary>
internal enum ApiAnswerKind
{
    /// <summary>The API server answered; see the status.</summary>
    Answered,

    /// <summary>It was never sent.</summary>
    NotSent,

    /// <summary>It was never sent: the certificate is not one we trust, or our own credentials cannot be read.</summary>
    NotTrusted,

    /// <summary>The connection broke after it may have been sent.</summary>
    Lost,

    /// <summary>No answer in time.</summary>
    TimedOut,
}

/// <summary>What a call to an API server came to. Infrastructure failures are values from here on.</summary>
internal sealed record ApiAnswer(ApiAnswerKind Kind, HttpStatusCode Status, string Detail)
{
    /// <summary>The object of a 2xx answer.</summary>
    public JsonElement Body { get; init; }

    /// <summary>What a refusal asked us to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>2xx.</summary>
    public bool Ok => Kind == ApiAnswerKind.Answered && (int)Status is >= 200 and < 300;

    /// <summary>Whether the server may have done it all the same. A 5xx is among these: etcd may time out after it has written.</summary>
    public bool MayHaveActed => Kind is ApiAnswerKind.Lost or ApiAnswerKind.TimedOut || (Kind == ApiAnswerKind.Answered && (int)Status >= 500);

    /// <summary>Runs one call; whatever fails in it becomes an answer. Cancellation by <paramref name="caller"/> alone is thrown.</summary>
    public static async Task<ApiAnswer> FromAsync(Func<CancellationToken, Task<JsonElement>> call, CancellationToken attempt, CancellationToken caller)
    {
        try
        {
            return new ApiAnswer(ApiAnswerKind.Answered, HttpStatusCode.OK, "") { Body = await call(attempt) };
        }
        catch (Exception fault) when (!caller.IsCancellationRequested && From(fault) is { } answer)
        {
            return answer;
        }
    }

    /// <summary>The answer that an exception stands for, or <see langword="null"/> if it is a bug.</summary>
    public static ApiAnswer? From(Exception fault) => fault switch
    {
        HttpOperationException { Response: { } response } => Refusal(response),
        WatchErrorException error => new(ApiAnswerKind.Answered, (HttpStatusCode)error.Code, $"{error.Code}: {error.Message}"),
        // Only ConnectTimeout puts a TimeoutException inside: the client's own time limit is off.
        OperationCanceledException { InnerException: TimeoutException } => new(ApiAnswerKind.NotSent, default, "no connection in time"),
        OperationCanceledException => new(ApiAnswerKind.TimedOut, default, "no answer in time"),
        KubeConfigException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or CryptographicException
            => new(ApiAnswerKind.NotTrusted, default, fault.Message),
        AggregateException { InnerException: { } inner } => From(inner),
        HttpRequestException when Find<AuthenticationException>(fault) is { } untrusted => new(ApiAnswerKind.NotTrusted, default, untrusted.Message),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
            => new(ApiAnswerKind.NotSent, default, Innermost(fault)),
        HttpRequestException or IOException or ObjectDisposedException => new(ApiAnswerKind.Lost, default, Innermost(fault)),
        JsonException => new(ApiAnswerKind.Lost, default, "an answer that is not JSON: " + fault.Message),
        _ => null,
    };

    private static ApiAnswer Refusal(HttpResponseMessageWrapper response)
    {
        var detail = response.Content;
        try
        {
            detail = KubernetesJson.Deserialize<k8s.Models.V1Status>(response.Content)?.Message ?? detail;
        }
        catch (JsonException)
        {
            // Not every refusal is a Status: proxies and unknown groups answer in plain text, which is told as it is.
        }

        var seconds = response.Headers.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
        return new ApiAnswer(ApiAnswerKind.Answered, response.StatusCode, $"{(int)response.StatusCode}: {Shorten(detail)}")
        {
            RetryAfter = int.TryParse(seconds, out var wait) && wait >= 0 ? TimeSpan.FromSeconds(wait) : null,
        };
    }

    private static string Shorten(string? text) => text is null ? "" : text.Length <= 500 ? text.Trim() : text[..500];

    private static string Innermost(Exception fault) => fault.InnerException is { } inner ? Innermost(inner) : fault.Message;

    private static T? Find<T>(Exception? fault)
        where T : Exception => fault is null ? null : fault as T ?? Find<T>(fault.InnerException);
}
