using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>The brake's one row: permits given in the window, and whether it holds (I6).</summary>
public sealed record BrakeState
{
    /// <summary>The record's kind, for readers without our types.</summary>
    public string Kind { get; init; } = "brake";

    /// <summary>The record's schema.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The latest time any event gave; it never runs backwards.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>Permits of the present window, oldest first.</summary>
    public ImmutableArray<Permit> Permits { get; init; } = [];

    /// <summary>Why it holds; <see langword="null"/> while it doesn't.</summary>
    public string? HeldBecause { get; init; }

    /// <summary>Since when it holds.</summary>
    public DateTimeOffset? HeldSince { get; init; }

    /// <summary>Who released it last, and when: what was displaced by then passes.</summary>
    public BrakeRelease? Release { get; init; }
}

/// <summary>A permit for one involuntary move; the same (run, epoch) is never charged twice.</summary>
public sealed record Permit(string RunUid, int Epoch, string Region, int Gpus, DateTimeOffset At);

/// <summary>A person's release of the brake.</summary>
public sealed record BrakeRelease(string By, DateTimeOffset At);
