using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using Failover.Domain.Health;
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

    /// <summary>What stood in the way of a call that never came to an answer.</summary>
    public ApiTrouble Met { get; init; }

    /// <summary>What stood in the way; None for any answer that a sound server gives to what we may ask.</summary>
    public ApiTrouble Trouble => this switch
    {
        { Kind: not ApiAnswerKind.Answered } => Met,
        { Status: HttpStatusCode.Unauthorized } => ApiTrouble.CredentialsRefused,
        { Status: HttpStatusCode.Forbidden } => ApiTrouble.NotPermitted,
        { Status: HttpStatusCode.TooManyRequests } => ApiTrouble.Overloaded,
        { Status: >= HttpStatusCode.InternalServerError } => ApiTrouble.Unwell,
        _ => ApiTrouble.None,
    };

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
        catch (Exception fault) when (caller.IsCancellationRequested && fault is not OperationCanceledException && From(fault) is not null)
        {
            // What came in while nobody wanted it any more; whoever cancelled waits for that to be said.
            throw new OperationCanceledException("The call was cancelled.", fault, caller);
        }
    }

    /// <summary>The answer that an exception stands for, or <see langword="null"/> if it is a bug.</summary>
    public static ApiAnswer? From(Exception fault) => fault switch
    {
        HttpOperationException { Response: { } response } => Refusal(response),
        WatchErrorException error => new(ApiAnswerKind.Answered, (HttpStatusCode)error.Code, $"{error.Code}: {error.Message}"),
        // Only ConnectTimeout puts a TimeoutException inside: the client's own time limit is off.
        OperationCanceledException { InnerException: TimeoutException } => Failed(ApiAnswerKind.NotSent, ApiTrouble.Unreachable, "no connection in time"),
        OperationCanceledException => Failed(ApiAnswerKind.TimedOut, ApiTrouble.Unreachable, "no answer in time"),
        KubeConfigException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or CryptographicException
            => Failed(ApiAnswerKind.NotTrusted, ApiTrouble.NoCredentials, fault.Message),
        AggregateException { InnerException: { } inner } => From(inner),
        HttpRequestException when Find<UntrustedServerException>(fault) is { } untrusted => Failed(ApiAnswerKind.NotTrusted, untrusted.Trouble, untrusted.Message),
        HttpRequestException when Find<AuthenticationException>(fault) is { } untrusted => Failed(ApiAnswerKind.NotTrusted, ApiTrouble.WrongAuthority, untrusted.Message),
        // A resolver that is out of order itself says TryAgain: then we know nothing of the name.
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } when Find<SocketException>(fault) is { SocketErrorCode: not SocketError.TryAgain }
            => Failed(ApiAnswerKind.NotSent, ApiTrouble.NoSuchHost, Innermost(fault)),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
            => Failed(ApiAnswerKind.NotSent, ApiTrouble.Unreachable, Innermost(fault)),
        HttpRequestException or IOException or ObjectDisposedException => Failed(ApiAnswerKind.Lost, ApiTrouble.Unreachable, Innermost(fault)),
        JsonException => Failed(ApiAnswerKind.Lost, ApiTrouble.Unwell, "an answer that is not JSON: " + fault.Message),
        _ => null,
    };

    private static ApiAnswer Failed(ApiAnswerKind kind, ApiTrouble trouble, string detail) => new(kind, default, detail) { Met = trouble };

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
