using CsCheck;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

public sealed class LedgerTests
{
    [Fact]
    public void Reserve_Fits_IsPromisedOnce()
    {
        var member = new MemberWorld().Healthy();

        Assert.Equal(new ReservationAnswer("a/e1/m1/reserve", true, "Promised."), member.Reserve(1, MemberWorld.Wanted("a", 3, 8)));
        Assert.True(member.Last!.MustStore);
        Assert.Equal("Promised before.", member.Reserve(2, MemberWorld.Wanted("a", 3, 8)).Detail);
        Assert.False(member.Last!.MustStore);
        Assert.Equal(MemberWorld.Time(1), Assert.Single(member.State.Reservations).At);
        Assert.Equal(8, Assert.Single(MemberCapacity.Free(member.State)).FreeGpus);
    }

    [Fact]
    public void Reserve_DoesNotFit_SaysWhatIsFree()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("a", 3, 8));

        Assert.Equal(new ReservationAnswer("b/e1/m1/reserve", false, "2 × 8 h100 do not fit; 8 GPUs are free in all."), member.Reserve(2, MemberWorld.Wanted("b", 2, 8)));
        Assert.Equal("It has no a100.", member.Reserve(2, MemberWorld.Wanted("b", 1, 8) with { Sku = "a100" }).Detail);
    }

    [Fact]
    public void Reserve_NotATarget_IsRefusedButAnEarlierPromiseStands()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("a", 1, 8));
        member.Api(10, Answer.No);

        Assert.False(member.Reserve(11, MemberWorld.Wanted("b", 1, 8)).Granted);
        Assert.True(member.Reserve(11, MemberWorld.Wanted("a", 1, 8)).Granted);
        Assert.False(member.Reserve(12, MemberWorld.Wanted("a", 1, 8, epoch: 2, move: 2)).Granted);
        Assert.Equal(1, Assert.Single(member.State.Reservations).Epoch);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void Reserve_LaterMove_ReplacesTheEarlier(int epoch, int move)
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("a", 4, 8));

        Assert.True(member.Reserve(2, MemberWorld.Wanted("a", 4, 8, epoch, move)).Granted);
        Assert.Equal((epoch, move), (Assert.Single(member.State.Reservations).Epoch, member.State.Reservations[0].Move));
        Assert.Equal($"Superseded by a/e{epoch}/m{move}/reserve.", member.Reserve(3, MemberWorld.Wanted("a", 1, 8)).Detail);
    }

    [Fact]
    public void Release_NamesEpochAndMove_LateOnesDoNoHarm()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("a", 1, 8, epoch: 2, move: 3));
        member.Reserve(1, MemberWorld.Wanted("b", 1, 8));

        member.Apply(new MemberEvent.ReleaseRequested(MemberWorld.Time(2), "a", 1));
        member.Apply(new MemberEvent.ReleaseRequested(MemberWorld.Time(2), "a", 2, Move: 2));
        Assert.False(member.Last!.MustStore);
        Assert.Equal(2, member.State.Reservations.Length);
        member.Apply(new MemberEvent.ReleaseRequested(MemberWorld.Time(2), "a", 2, Move: 3));
        member.Apply(new MemberEvent.ReleaseRequested(MemberWorld.Time(2), "b", 1));
        Assert.Empty(member.State.Reservations);
    }

    [Fact]
    public void Reconciled_WhatNobodyHolds_IsDroppedButNotWhatCameLater()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("leaked", 1, 8));
        member.Reserve(1, MemberWorld.Wanted("held", 1, 8));
        member.Reserve(5, MemberWorld.Wanted("later", 1, 8));

        member.Apply(new MemberEvent.ReservationsReconciled(MemberWorld.Time(6), MemberWorld.Time(4), [new RunEpoch("held", 1)]));

        Assert.Equal(["held", "later"], member.State.Reservations.Select(held => held.RunUid));
    }

    [Fact]
    public void Reconciled_RunWhoseRowCannotBeRead_KeepsWhatItWasPromised()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("leaked", 1, 8));
        member.Reserve(1, MemberWorld.Wanted("torn", 1, 8));

        member.Apply(new MemberEvent.ReservationsReconciled(MemberWorld.Time(6), MemberWorld.Time(4), []) { Unknown = ["torn"] });

        Assert.Equal(["torn"], member.State.Reservations.Select(held => held.RunUid));
    }

    [Fact]
    public void Free_BoundPods_AreNotCountedTwice()
    {
        var member = new MemberWorld().Healthy();
        member.Reserve(1, MemberWorld.Wanted("a", 3, 8));
        var bound = new CapacitySnapshot(2, [new PoolSnapshot("h100", 32, [2, 0, 0, 0, 0, 0, 0, 0, 2])], [new WorkloadUse("a", 1, "h100", 16)]);
        member.Apply(new MemberEvent.Observed(MemberWorld.Time(2), bound));
        Assert.Equal(8, Assert.Single(MemberCapacity.Free(member.State)).FreeGpus);

        // Pods of another epoch of the run fulfil nothing of this promise.
        member.Apply(new MemberEvent.Observed(MemberWorld.Time(3), bound with { Workloads = [new WorkloadUse("a", 7, "h100", 16)] }));
        Assert.Equal(0, Assert.Single(MemberCapacity.Free(member.State)).FreeGpus);
    }

    [Fact]
    public void Reserve_AnyRequestsAndBindings_NeverPromisesMoreThanThereIs() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 7], Gen.Int[1, 4], Gen.OneOf(1, 2, 4, 8), Gen.Int[1, 3]).List[1, 80].Sample(steps =>
        {
            // A scheduler that binds one promised worker at a time, by best fit, and frees what is released.
            var member = new MemberWorld().Healthy();
            var nodes = new Nodes(4);
            foreach (var (kind, run, workers, gpus, epoch) in steps)
            {
                var uid = $"r{run}";
                if (kind <= 1)
                    member.Reserve(1, MemberWorld.Wanted(uid, workers, gpus, epoch, epoch));
                else if (kind == 2)
                    Assert.All(Unbound(member.State), promise => Assert.True(nodes.TryBind(promise), $"{promise} has no room"));
                else if (member.State.Reservations.FirstOrDefault(held => held.RunUid == uid) is { } held)
                    nodes.Free(uid, member.Apply(new MemberEvent.ReleaseRequested(MemberWorld.Time(1), uid, held.Epoch)).State);
                member.Apply(new MemberEvent.Observed(MemberWorld.Time(1), nodes.Snapshot()));
                Assert.True(member.State.Reservations.DistinctBy(one => one.RunUid).Count() == member.State.Reservations.Length);
                Assert.True(CanPackAll(member.State), "promised more than there is");
            }
        }, iter: 500);

    private static IEnumerable<GpuReservation> Unbound(MemberState state) =>
        state.Reservations.SelectMany(held => Enumerable.Repeat(held, MemberCapacity.OutstandingWorkers(held, state.Capacity!)))
            .OrderByDescending(held => held.GpusPerWorker);

    private static bool CanPackAll(MemberState state)
    {
        FreePool? pool = new("h100", state.Capacity!.Pools[0].NodesByFreeGpus);
        foreach (var held in state.Reservations.OrderByDescending(held => held.GpusPerWorker))
            pool = pool?.Take(MemberCapacity.OutstandingWorkers(held, state.Capacity), held.GpusPerWorker);
        return pool is not null;
    }

    private sealed class Nodes(int count)
    {
        private readonly int[] _free = [.. Enumerable.Repeat(8, count)];
        private readonly List<(string Uid, int Epoch, int Node, int Gpus)> _pods = [];

        public bool TryBind(GpuReservation promise)
        {
            var node = Enumerable.Range(0, _free.Length).Where(i => _free[i] >= promise.GpusPerWorker).OrderBy(i => _free[i]).FirstOrDefault(-1);
            if (node < 0)
                return false;
            _free[node] -= promise.GpusPerWorker;
            _pods.Add((promise.RunUid, promise.Epoch, node, promise.GpusPerWorker));
            return true;
        }

        public void Free(string uid, MemberState state)
        {
            Assert.DoesNotContain(state.Reservations, held => held.RunUid == uid);
            foreach (var pod in _pods.Where(pod => pod.Uid == uid))
                _free[pod.Node] += pod.Gpus;
            _pods.RemoveAll(pod => pod.Uid == uid);
        }

        public CapacitySnapshot Snapshot() => new(
            1,
            [new PoolSnapshot("h100", _free.Length * 8, [.. Enumerable.Range(0, 9).Select(free => _free.Count(node => node == free))])],
            [.. _pods.GroupBy(pod => (pod.Uid, pod.Epoch)).Select(group => new WorkloadUse(group.Key.Uid, group.Key.Epoch, "h100", group.Sum(pod => pod.Gpus)))]);
    }
}
