namespace Failover.Domain.Planning;

/// <summary>
/// What a member said of a run's workload when it was tried there as a dry run. A member that refuses it is no candidate for that run, with what it said as the reason.
/// </summary>
/// <param name="RunUid">The run.</param>
/// <param name="Member">The member.</param>
/// <param name="Refusal">Why not; <see langword="null"/>: it would take it.</param>
/// <param name="Since">Since when it has said so.</param>
public sealed record PreflightFinding(string RunUid, string Member, string? Refusal, DateTimeOffset Since)
{
    /// <summary>It has said nothing yet: <see cref="Refusal"/> says what is waited for.</summary>
    public bool IsAwaited { get; init; }

    /// <summary>As a reason, for people.</summary>
    public string Words => IsAwaited ? $"{Refusal}" : $"would not take it, as a dry run said (since {Since:HH:mm:ss}Z): {Refusal}";
}
