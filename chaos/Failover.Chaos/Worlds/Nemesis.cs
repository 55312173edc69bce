using Failover.Chaos.Checking;
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

    private void Tell(string kind, string region, FaultPhase phase)
    {
        world.History.Write(new FaultInjected(kind, region, phase));
        foreach (var store in StoresOf(region))
            world.History.Write(new FaultInjected(FaultKinds.StoreUnreachable, store, phase, region));
        foreach (var member in world.Plan.MembersOf(region))
            world.History.Write(new FaultInjected(FaultKinds.MemberUnreachable, member.Name, phase, region));
    }
}
