namespace Failover.Chaos.Checking;

/// <summary>The kinds of faults that scenarios inject, as they stand in the history.</summary>
public static class FaultKinds
{
    /// <summary>Target: a region. Its members and stores are without power.</summary>
    public const string RegionPower = "region-power";

    /// <summary>Target: a region. It is alive and cut off: from silos, and from other regions' stores.</summary>
    public const string RegionPartition = "region-partition";

    /// <summary>Target: a store. Silos can't reach it. Written beside either of the two above for each of the region's stores, and by itself where the silos are cut off.</summary>
    public const string StoreUnreachable = "store-unreachable";

    /// <summary>Target: a member. Its API server can't be reached. Written beside either of the first two for each of the region's members.</summary>
    public const string MemberUnreachable = "member-unreachable";

    /// <summary>Target: <c>{store}/{uid}/e{epoch}/{slot}</c>. A file of the commit's copy there was corrupted.</summary>
    public const string CorruptCommit = "corrupt-commit";

    /// <summary>Target: <c>silo</c>. Killed with SIGKILL; ends with the start of the next.</summary>
    public const string SiloKill = "silo-kill";

    /// <summary>Target: a member. It is without power; its stores are not touched.</summary>
    public const string MemberPower = "member-power";

    /// <summary>Target: a member. Its API server can't be reached, and all else goes on.</summary>
    public const string ControlPlane = "control-plane";

    /// <summary>Target: a member. Its API server is slow, or refuses or drops a share of what it is asked.</summary>
    public const string BrownOut = "brown-out";

    /// <summary>Target: a store. Silos that look at it wait in the kernel.</summary>
    public const string StoreStall = "store-stall";

    /// <summary>Target: a region. Its trainers reach no store but their own region's.</summary>
    public const string TrainersCut = "trainers-cut";

    /// <summary>Why stores are out of the silos' reach: it is the silos that are cut off. Written as the detail of <see cref="StoreUnreachable"/>.</summary>
    public const string SiloCut = "silo-cut";

    /// <summary>Target: a member. Some of its nodes are dead, behind an API server that answers.</summary>
    public const string NodesDead = "nodes-dead";

    /// <summary>Target: a member. Some of its nodes have lost GPUs.</summary>
    public const string GpusLost = "gpus-lost";

    /// <summary>Target: a run's uid. Its trainer hangs.</summary>
    public const string TrainerHung = "trainer-hung";

    /// <summary>Target: <c>silo</c>. Stopped with SIGSTOP, until SIGCONT.</summary>
    public const string SiloPause = "silo-pause";

    /// <summary>Target: a member. New pods take much longer to start.</summary>
    public const string SlowStart = "slow-start";

    /// <summary>Target: <c>{member}/{namespace}/{pod}</c>.</summary>
    public const string PodKill = "pod-kill";
}
