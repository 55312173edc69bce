using Failover.Domain.Members;

namespace Failover.Domain.Planning;

/// <summary>A member that returned from a loss is trusted step by step: what took it down may take it down again, with all that was sent there at once.</summary>
public static class RampUp
{
    /// <summary>The share of its GPUs that may be new work by now; 1 where there is no ramp, or it is over.</summary>
    public static double Share(MemberState member, DateTimeOffset now, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(policy);
        if (member.ReturnedAt is not { } returned || policy.RampPeriod <= TimeSpan.Zero)
            return 1;
        var periods = Math.Floor((now - returned) / policy.RampPeriod) + 1;
        return Math.Clamp(periods * policy.RampShare, 0, 1);
    }

    /// <summary>
    /// What is free of a pool, less what the ramp keeps back: of all of its GPUs only the share, and of that only what was not promised since it returned. The nodes with the
    /// most GPUs free stay, so that gangs of whole nodes find room.
    /// </summary>
    public static FreePool Limit(FreePool free, MemberState member, DateTimeOffset now, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(free);
        var share = Share(member, now, policy);
        if (share >= 1)
            return free;
        var all = member.Capacity?.Pools.FirstOrDefault(pool => pool.Sku == free.Sku)?.Gpus ?? 0;
        var given = member.Reservations.Where(held => held.Sku == free.Sku && held.At >= member.ReturnedAt).Sum(held => held.Gpus);
        return free.AtMost((int)(all * share) - given);
    }
}
