using Failover.Domain.Members;

namespace Failover.Abstractions.Grains;

/// <summary>A member cluster: verdict, capacity, ledger. Key: its name in the fleet file.</summary>
[Alias("failover.member")]
public interface IMemberGrain : IGrainWithStringKey
{
    /// <summary>Hands an event to the machine; returns, once stored, what it answered.</summary>
    [Alias("apply")]
    Task<MemberState> ApplyAsync(MemberEvent memberEvent);

    /// <summary>Reserves GPUs, or says why not.</summary>
    [Alias("reserve")]
    Task<ReservationAnswer> ReserveAsync(GpuReservation reservation);

    /// <summary>The stored state.</summary>
    [Alias("get")]
    Task<MemberState> GetAsync();
}
