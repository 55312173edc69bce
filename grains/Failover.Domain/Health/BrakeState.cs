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

    /// <summary>Permits, oldest first; those older than the window are kept for a while so that the same (run, epoch) is not charged again.</summary>
    public ImmutableArray<Permit> Permits { get; init; } = [];

    /// <summary>Why it holds; <see langword="null"/> while it doesn't.</summary>
    public string? HeldBecause { get; init; }

    /// <summary>Since when it holds.</summary>
    public DateTimeOffset? HeldSince { get; init; }

    /// <summary>Who released it last, and when: what was displaced by then passes.</summary>
    public BrakeRelease? Release { get; init; }

    /// <summary>While it holds: since when what is displaced has been back within the limit.</summary>
    public DateTimeOffset? CalmSince { get; init; }

    /// <summary>Regions whose loss an independent kind of evidence confirmed: what was displaced there by then passes.</summary>
    public ImmutableArray<ConfirmedRegion> Confirmed { get; init; } = [];
}

/// <summary>A permit for one involuntary move, and so one of the runs' share; the same (run, epoch) is never charged twice.</summary>
public sealed record Permit(string RunUid, int Epoch, string Region, int Gpus, DateTimeOffset At)
{
    /// <summary>Whether it counts against the budget; not if a person or an independent kind of evidence let it pass.</summary>
    public bool Charged { get; init; } = true;
}

/// <summary>A person's release of the brake.</summary>
public sealed record BrakeRelease(string By, DateTimeOffset At);

/// <summary>An independent kind of evidence (<paramref name="Kind"/>) that a region is lost.</summary>
public sealed record ConfirmedRegion(string Region, string Kind, DateTimeOffset At);
