using System.Collections.Immutable;
using Failover.Domain.Checkpoints;

namespace Failover.Domain.Tests.Migration.Bulk;

/// <summary>A region's store as a model: slots that are created if absent, files that can rot or be pruned, and pins that outlive both a prune and a folder.</summary>
internal sealed class StoreModel(string name)
{
    private readonly SortedDictionary<(int Epoch, int Slot), Commit?> _slots = [];
    private readonly Dictionary<CommitRef, CopyHealth> _files = [];

    public string Name { get; } = name;

    /// <summary>Whether silos reach it.</summary>
    public bool Reached { get; set; } = true;

    /// <summary>What an epoch's trainer was told to load: the commit's content, however its files fare since.</summary>
    public Dictionary<int, Commit> Pins { get; } = [];

    public IEnumerable<((int Epoch, int Slot) Key, Commit? Commit)> Slots => _slots.Select(slot => (slot.Key, slot.Value));

    public int Count(int epoch) => _slots.Keys.Count(key => key.Epoch == epoch);

    public bool IsSealed(int epoch) => _slots.Any(slot => slot.Key.Epoch == epoch && slot.Value is null);

    public Commit? Read(CommitRef commit) => _slots.GetValueOrDefault((commit.Epoch, commit.Commit));

    public CopyHealth Health(CommitRef commit) => _files.GetValueOrDefault(commit, CopyHealth.Missing);

    /// <summary>Creates a slot if absent; false where something is there.</summary>
    public bool Create(int epoch, int slot, Commit? commit, CopyHealth health = CopyHealth.Unverified)
    {
        if (!_slots.TryAdd((epoch, slot), commit))
            return false;
        if (commit is not null)
            _files[new CommitRef(epoch, slot)] = health;
        return true;
    }

    public void SetHealth(CommitRef commit, CopyHealth health) => _files[commit] = health;

    public StoreSurvey Survey(IEnumerable<int> epochs)
    {
        if (!Reached)
            return new StoreSurvey(Name, SurveyOutcome.Unreachable, [], "cut");
        var wanted = epochs.ToHashSet();
        var entries = _slots.Where(slot => wanted.Contains(slot.Key.Epoch))
            .Select(slot => new SlotEntry(slot.Key.Epoch, slot.Key.Slot, slot.Value, Health(new CommitRef(slot.Key.Epoch, slot.Key.Slot))));
        return new StoreSurvey(Name, SurveyOutcome.Listed, entries.ToImmutableArray());
    }
}
