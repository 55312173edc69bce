namespace Failover.Domain.Checkpoints;

/// <summary>Where things are in a store. Paths are relative: a run's to its root <c>{tenant}/{uid}</c>, the others to the store.</summary>
public static class StoreLayout
{
    /// <summary>The folder of all pins, below the run's root.</summary>
    public const string Pins = "pins";

    /// <summary>An epoch's folder.</summary>
    public static string Epoch(int epoch) => $"e{epoch}";

    /// <summary>An epoch's commit slots.</summary>
    public static string Commits(int epoch) => $"e{epoch}/commits";

    /// <summary>One slot.</summary>
    public static string Slot(int epoch, int slot) => $"e{epoch}/commits/{slot}";

    /// <summary>What is pinned for an epoch; below it files keep the paths that they have below the run's root.</summary>
    public static string Pin(int forEpoch) => $"{Pins}/e{forEpoch}";

    /// <summary>A pinned commit's document. Its last three segments are those of the slot itself, so that the files' paths resolve below the pin.</summary>
    public static string PinnedSlot(int forEpoch, CommitRef commit) => $"{Pin(forEpoch)}/{Slot(commit.Epoch, commit.Commit)}";

    /// <summary>The heartbeats of a member's runs, below the store.</summary>
    public static string Heartbeats(string member) => $"heartbeats/{member}";

    /// <summary>A site's canary, below the store.</summary>
    public static string Canary(string site) => $"canary/{site}";

    /// <summary>What a trainer is given to write below.</summary>
    public static string CheckpointUri(string storeUri, string tenant, string uid, int epoch) => $"{storeUri}/{tenant}/{uid}/{Epoch(epoch)}";

    /// <summary>What a trainer is given to resume from: the pinned commit's slot.</summary>
    public static string ResumeUri(string storeUri, string tenant, string uid, int forEpoch, CommitRef commit) =>
        $"{storeUri}/{tenant}/{uid}/{PinnedSlot(forEpoch, commit)}";

    /// <summary>Where a trainer writes its heartbeats.</summary>
    public static string HeartbeatUri(string storeUri, string member, string uid) => $"{storeUri}/{Heartbeats(member)}/{uid}";
}
