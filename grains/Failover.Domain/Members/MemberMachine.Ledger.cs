using System.Collections.Immutable;

namespace Failover.Domain.Members;

public static partial class MemberMachine
{
    private static (MemberState State, ReservationAnswer? Answer) Reserve(MemberState state, GpuReservation wanted)
    {
        var held = state.Reservations.Where(one => one.RunUid == wanted.RunUid).ToImmutableArray();
        if (held.Any(one => one.Epoch == wanted.Epoch && one.EffectId == wanted.EffectId))
            return (state, new ReservationAnswer(wanted.EffectId, true, "Promised before."));
        if (held.FirstOrDefault(one => (one.Epoch, one.Move).CompareTo((wanted.Epoch, wanted.Move)) > 0) is { } newer)
            return Refuse(state, wanted, $"Superseded by {newer.EffectId}.");
        if (IsTarget(state) is { IsTarget: false } closed)
            return Refuse(state, wanted, closed.Reason);

        // What the run holds of an earlier move is not needed beside this one, unless it is bound, and then it is not free anyway.
        var others = state with { Reservations = Without(state.Reservations, held.Contains) };
        var pool = MemberCapacity.Free(others).FirstOrDefault(one => one.Sku == wanted.Sku);
        if (pool is null)
            return Refuse(state, wanted, $"It has no {wanted.Sku}.");
        return pool.Fits(wanted.Workers, wanted.GpusPerWorker)
            ? (others with { Reservations = others.Reservations.Add(wanted with { At = state.Now }) }, new ReservationAnswer(wanted.EffectId, true, "Promised."))
            : Refuse(state, wanted, $"{wanted.Workers} × {wanted.GpusPerWorker} {wanted.Sku} do not fit; {pool.FreeGpus} GPUs are free in all.");
    }

    private static (MemberState State, ReservationAnswer Answer) Refuse(MemberState state, GpuReservation wanted, string why) =>
        (state, new ReservationAnswer(wanted.EffectId, false, why));

    private static bool IsReleased(GpuReservation held, MemberEvent.ReleaseRequested release) =>
        held.RunUid == release.RunUid && held.Epoch <= release.Epoch && (release.Move is not { } move || held.Move <= move);

    private static bool IsLeaked(GpuReservation held, MemberEvent.ReservationsReconciled read) =>
        held.At <= read.AsOf && !read.Unknown.Contains(held.RunUid) && !read.Holding.Contains(new RunEpoch(held.RunUid, held.Epoch));

    // The same array where nothing is dropped: no change, no write.
    private static ImmutableArray<GpuReservation> Without(ImmutableArray<GpuReservation> held, Func<GpuReservation, bool> drop) => held.RemoveAll(one => drop(one));
}
