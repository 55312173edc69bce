namespace Failover.Simulator.ApiServer;

/// <summary>Makes an API server slow or unwell. Shares are from 0 to 1 and are drawn per request; health paths suffer as well.</summary>
public sealed record ApiFault
{
    /// <summary>No fault.</summary>
    public static ApiFault None { get; } = new();

    /// <summary>Added before every answer; 0 or more.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Share of requests answered 500 InternalError, without effect.</summary>
    public double ErrorShare { get; init; }

    /// <summary>Share of requests whose connection is reset without an answer, and without effect.</summary>
    public double DropShare { get; init; }

    /// <summary>Share of requests answered 429 TooManyRequests with Retry-After, without effect.</summary>
    public double ThrottleShare { get; init; }
}
