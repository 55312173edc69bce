using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>What can happen to a member. <paramref name="At"/> is the member's time of receipt; the machine never lets it run backwards.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Tick), "tick")]
[JsonDerivedType(typeof(Activated), "activated")]
[JsonDerivedType(typeof(ApiReported), "apiReported")]
[JsonDerivedType(typeof(LeasesReported), "leasesReported")]
[JsonDerivedType(typeof(ProgressReported), "progressReported")]
[JsonDerivedType(typeof(OwnerReported), "ownerReported")]
[JsonDerivedType(typeof(Observed), "observed")]
[JsonDerivedType(typeof(LostSight), "lostSight")]
[JsonDerivedType(typeof(ReserveRequested), "reserveRequested")]
[JsonDerivedType(typeof(ReleaseRequested), "releaseRequested")]
[JsonDerivedType(typeof(ReservationsReconciled), "reservationsReconciled")]
[JsonDerivedType(typeof(SweptClean), "sweptClean")]
[JsonDerivedType(typeof(ConfirmedLost), "confirmedLost")]
[JsonDerivedType(typeof(Trusted), "trusted")]
[JsonDerivedType(typeof(Cordoned), "cordoned")]
[JsonDerivedType(typeof(Uncordoned), "uncordoned")]
public abstract record MemberEvent(DateTimeOffset At)
{
    /// <summary>Time passed: evidence aged.</summary>
    public sealed record Tick(DateTimeOffset At) : MemberEvent(At);

    /// <summary>The activation has just begun and has seen nothing: what was stored of evidence no longer counts; the verdict stands.</summary>
    public sealed record Activated(DateTimeOffset At) : MemberEvent(At);

    /// <summary>From a site's prober.</summary>
    public sealed record ApiReported(DateTimeOffset At, string Site, ApiReport Report) : MemberEvent(At);

    /// <summary>From the member's watcher, which runs at <paramref name="Site"/>.</summary>
    public sealed record LeasesReported(DateTimeOffset At, string Site, LeaseReport Report) : MemberEvent(At);

    /// <summary>From a site's reader of heartbeats and commits.</summary>
    public sealed record ProgressReported(DateTimeOffset At, string Site, ProgressReport Report) : MemberEvent(At);

    /// <summary>From whoever asks its owner's platform: stopped on purpose, or not.</summary>
    public sealed record OwnerReported(DateTimeOffset At, bool Stopped, string Detail) : MemberEvent(At);

    /// <summary>From its watcher: GPUs.</summary>
    public sealed record Observed(DateTimeOffset At, CapacitySnapshot Capacity) : MemberEvent(At);

    /// <summary>From its watcher: the watch broke off.</summary>
    public sealed record LostSight(DateTimeOffset At, string Detail) : MemberEvent(At)
    {
        /// <summary>What broke it off.</summary>
        public ApiTrouble Trouble { get; init; }
    }

    /// <summary>A run wants GPUs; answered by <see cref="MemberTransition.Reservation"/>. Idempotent per (uid, epoch, effect id).</summary>
    public sealed record ReserveRequested(DateTimeOffset At, GpuReservation Reservation) : MemberEvent(At);

    /// <summary>A run no longer needs what was promised to it up to that epoch and, if given, up to that <paramref name="Move"/>.</summary>
    public sealed record ReleaseRequested(DateTimeOffset At, string RunUid, int Epoch, int? Move = null) : MemberEvent(At);

    /// <summary>
    /// Every (run, epoch) that still holds GPUs here, by the runs' rows as read after <paramref name="AsOf"/>: promises made up to then to others are dropped.
    /// </summary>
    public sealed record ReservationsReconciled(DateTimeOffset At, DateTimeOffset AsOf, ImmutableArray<RunEpoch> Holding) : MemberEvent(At)
    {
        /// <summary>Runs whose rows could not be read, by uid: whatever was promised to them stays promised (I7).</summary>
        public ImmutableArray<string> Unknown { get; init; } = [];
    }

    /// <summary>A sweep that began at <paramref name="StartedAt"/> found stale epochs, or none (<paramref name="Clean"/>).</summary>
    public sealed record SweptClean(DateTimeOffset At, DateTimeOffset StartedAt, bool Clean, ImmutableArray<string> Stale) : MemberEvent(At);

    /// <summary>An operator says that it is lost.</summary>
    public sealed record ConfirmedLost(DateTimeOffset At, string By) : MemberEvent(At);

    /// <summary>An operator takes that back, and need not wait for a returning member to prove itself; it is still swept first (I9).</summary>
    public sealed record Trusted(DateTimeOffset At, string By) : MemberEvent(At);

    /// <summary>An operator allows no new work.</summary>
    public sealed record Cordoned(DateTimeOffset At, string By) : MemberEvent(At);

    /// <summary>An operator allows new work again.</summary>
    public sealed record Uncordoned(DateTimeOffset At, string By) : MemberEvent(At);
}

/// <summary>An epoch of a run.</summary>
public sealed record RunEpoch(string RunUid, int Epoch);
