using Failover.Chaos.Checking;
using Failover.Simulator.ApiServer;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Worlds;

/// <summary>Injects faults into a world, and says so in its history: before they begin, and after they have ended.</summary>
public sealed class Nemesis(World world)
{
    /// <summary>A region's power goes: its members stop, its stores are out of everybody's reach.</summary>
    public async Task PowerOffAsync(string region)
    {
        Tell(FaultKinds.RegionPower, region, FaultPhase.Begin);
        world.Stores.PowerOffRegion(region);
        await Task.WhenAll(world.MembersOf(region).Select(member => member.PowerOffAsync()));
    }

    /// <summary>Its power returns; its nodes boot.</summary>
    public void PowerOn(string region)
    {
        world.Stores.PowerOnRegion(region);
        foreach (var member in world.MembersOf(region))
            member.PowerOn();
        Tell(FaultKinds.RegionPower, region, FaultPhase.End);
    }

    /// <summary>A region is cut off, alive: its trainers train on and reach its stores, and nobody else does.</summary>
    public void Partition(string region)
    {
        Tell(FaultKinds.RegionPartition, region, FaultPhase.Begin);
        foreach (var member in world.MembersOf(region))
            member.CutNetwork();
        world.Stores.PartitionRegion(region);
    }

    /// <summary>The partition is over.</summary>
    public void Heal(string region)
    {
        world.Stores.HealRegion(region);
        foreach (var member in world.MembersOf(region))
            member.RestoreNetwork();
        Tell(FaultKinds.RegionPartition, region, FaultPhase.End);
    }

    /// <summary>A member's power goes; its region's stores stay.</summary>
    public async Task PowerOffMemberAsync(string member)
    {
        Tell(FaultKinds.MemberPower, member, FaultPhase.Begin, isOutOfReach: true);
        await world.Members[member].PowerOffAsync();
    }

    /// <summary>Its power returns.</summary>
    public void PowerOnMember(string member)
    {
        world.Members[member].PowerOn();
        Tell(FaultKinds.MemberPower, member, FaultPhase.End, isOutOfReach: true);
    }

    /// <summary>A member's API server can't be reached; its trainers train on and reach all stores.</summary>
    public void CutControlPlane(string member)
    {
        Tell(FaultKinds.ControlPlane, member, FaultPhase.Begin, isOutOfReach: true);
        world.Members[member].CutNetwork();
    }

    /// <summary>It can be reached again.</summary>
    public void HealControlPlane(string member)
    {
        world.Members[member].RestoreNetwork();
        Tell(FaultKinds.ControlPlane, member, FaultPhase.End, isOutOfReach: true);
    }

    /// <summary>A member's API server is unwell, until <see cref="ApiFault.None"/>.</summary>
    public void BrownOut(string member, ApiFault fault)
    {
        Tell(FaultKinds.BrownOut, member, fault == ApiFault.None ? FaultPhase.End : FaultPhase.Begin, isOutOfReach: false);
        world.Members[member].SetApiFault(fault);
    }

    /// <summary>The silos' mount of a store hangs.</summary>
    public void StallStore(string store)
    {
        world.History.Write(new FaultInjected(FaultKinds.StoreStall, store, FaultPhase.Begin));
        world.Stores.Stall(StoreWorld.SiloOwner, store);
    }

    /// <summary>It hangs no more.</summary>
    public void UnstallStore(string store)
    {
        world.Stores.Unstall(StoreWorld.SiloOwner, store);
        world.History.Write(new FaultInjected(FaultKinds.StoreStall, store, FaultPhase.End));
    }

    /// <summary>The silos reach no store; trainers reach all of them.</summary>
    public void CutSiloFromStores()
    {
        foreach (var store in world.Plan.Stores)
        {
            world.History.Write(new FaultInjected(FaultKinds.StoreUnreachable, store.Name, FaultPhase.Begin, FaultKinds.SiloCut));
            world.Stores.Cut(StoreWorld.SiloOwner, store.Name, FaultKinds.SiloCut);
        }
    }

    /// <summary>They reach them again.</summary>
    public void HealSiloFromStores()
    {
        foreach (var store in world.Plan.Stores)
        {
            world.Stores.Heal(StoreWorld.SiloOwner, store.Name, FaultKinds.SiloCut);
            world.History.Write(new FaultInjected(FaultKinds.StoreUnreachable, store.Name, FaultPhase.End, FaultKinds.SiloCut));
        }
    }

    /// <summary>A region's trainers reach no store but their own region's.</summary>
    public void CutTrainers(string region)
    {
        world.History.Write(new FaultInjected(FaultKinds.TrainersCut, region, FaultPhase.Begin));
        foreach (var store in world.Plan.Stores.Where(store => store.Region != region))
            world.Stores.Cut(region, store.Name, FaultKinds.TrainersCut);
    }

    /// <summary>They reach all of them again.</summary>
    public void HealTrainers(string region)
    {
        foreach (var store in world.Plan.Stores.Where(store => store.Region != region))
            world.Stores.Heal(region, store.Name, FaultKinds.TrainersCut);
        world.History.Write(new FaultInjected(FaultKinds.TrainersCut, region, FaultPhase.End));
    }

    /// <summary>Nodes of a member die, with what runs on them; its API server answers on.</summary>
    public void KillNodes(string member, IReadOnlyCollection<string> nodes)
    {
        world.History.Write(new FaultInjected(FaultKinds.NodesDead, member, FaultPhase.Begin, $"{nodes.Count} nodes"));
        world.Members[member].FailNodes(nodes, containersDie: true);
    }

    /// <summary>They boot again.</summary>
    public void ReviveNodes(string member, IReadOnlyCollection<string> nodes)
    {
        world.Members[member].RecoverNodes(nodes);
        world.History.Write(new FaultInjected(FaultKinds.NodesDead, member, FaultPhase.End));
    }

    /// <summary>A node has fewer GPUs from now on; the pods that held them crash, or go on as if nothing were.</summary>
    public void LoseGpus(string member, string node, int left, bool crash)
    {
        world.History.Write(new FaultInjected(FaultKinds.GpusLost, member, FaultPhase.Begin, $"{node} has {left} left"));
        world.Members[member].SetGpus(node, left);
        if (!crash)
            return;
        foreach (var pod in world.Members[member].RunningPods().Where(pod => pod.Node == node))
            KillPod(member, pod.Namespace, pod.Name);
    }

    /// <summary>A pod's containers are killed, as running out of memory does it.</summary>
    public void KillPod(string member, string ns, string pod)
    {
        world.History.Write(new FaultInjected(FaultKinds.PodKill, $"{member}/{ns}/{pod}", FaultPhase.Once));
        world.Members[member].KillPod(ns, pod);
    }

    /// <summary>A run's trainer hangs; false where none trains there.</summary>
    public bool Hang(string member, string uid)
    {
        world.History.Write(new FaultInjected(FaultKinds.TrainerHung, uid, FaultPhase.Begin, member));
        return world.Trainers.Hang(member, uid);
    }

    /// <summary>The silo was stopped, or goes on.</summary>
    public void TellOfPause(FaultPhase phase) => world.History.Write(new FaultInjected(FaultKinds.SiloPause, "silo", phase));

    /// <summary>Corrupts a copy of a commit; false where that store has none.</summary>
    public bool Corrupt(string store, string uid, FoundCommit commit, bool keepModificationTime)
    {
        if (world.Stores.CorruptCommit(store, WorldPlan.Tenant, uid, commit.Epoch, commit.Slot, new Corruption(KeepModificationTime: keepModificationTime)) is null)
            return false;
        var how = keepModificationTime ? "one byte, its modification time kept" : "one byte";
        world.History.Write(new FaultInjected(
            FaultKinds.CorruptCommit, $"{store}/{uid}/{new CommitRef(commit.Epoch, commit.Slot)}", FaultPhase.Once, how));
        return true;
    }

    /// <summary>The silo was killed, or runs again.</summary>
    public void TellOfSilo(FaultPhase phase) => world.History.Write(new FaultInjected(FaultKinds.SiloKill, "silo", phase));

    private IEnumerable<string> StoresOf(string region) => world.Plan.Stores.Where(store => store.Region == region).Select(store => store.Name);

    private void Tell(string kind, string member, FaultPhase phase, bool isOutOfReach)
    {
        world.History.Write(new FaultInjected(kind, member, phase));
        if (isOutOfReach)
            world.History.Write(new FaultInjected(FaultKinds.MemberUnreachable, member, phase, kind));
    }

    private void Tell(string kind, string region, FaultPhase phase)
    {
        world.History.Write(new FaultInjected(kind, region, phase));
        foreach (var store in StoresOf(region))
            world.History.Write(new FaultInjected(FaultKinds.StoreUnreachable, store, phase, region));
        foreach (var member in world.Plan.MembersOf(region))
            world.History.Write(new FaultInjected(FaultKinds.MemberUnreachable, member.Name, phase, region));
    }
}
