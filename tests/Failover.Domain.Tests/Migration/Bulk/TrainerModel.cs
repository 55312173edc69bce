using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration.Bulk;

/// <summary>A gang that keeps the trainer's contract: it commits to its epoch's slots in its region's store until it finds a seal.</summary>
internal sealed class TrainerModel
{
    public const long StepsToFinish = 400;

    private readonly StoreModel _store;
    private Commit? _tip;

    public TrainerModel(EpochState epoch, StoreModel store)
    {
        (Epoch, _store) = (epoch.Number, store);
        ResumeFrom = epoch.ResumeFrom;
        _tip = ResumeFrom is null ? null : store.Pins.GetValueOrDefault(epoch.Number);
        LostItsPin = ResumeFrom is not null && _tip is null;
        Step = _tip?.Step ?? 0;
        Alive = !LostItsPin;
    }

    public int Epoch { get; }

    public CommitRef? ResumeFrom { get; }

    public bool LostItsPin { get; }

    public long Step { get; private set; }

    public bool Alive { get; set; }

    public bool Finished { get; private set; }

    /// <summary>The provenance of what it trained from last: what its next commit descends from in truth.</summary>
    public string? Ancestor => _tip?.Provenance;

    public void Train(int steps)
    {
        if (Alive)
            Step = Math.Min(StepsToFinish, Step + steps);
    }

    /// <summary>
    /// Commits, or finds that its epoch is over. Its own store is always in its reach: a partition leaves it there. With <paramref name="forge"/> the commit's provenance is not what
    /// its history gives. The commit that it made, or null.
    /// </summary>
    public CommitRef? Commit(bool forge = false)
    {
        if (!Alive || (_tip is not null && Step <= _tip.Step))
            return null;
        var slot = _store.Count(Epoch);
        if (_store.IsSealed(Epoch))
        {
            Alive = false;
            return null;
        }
        var parent = slot == 0 ? ResumeFrom : new CommitRef(Epoch, slot - 1);
        var commit = Document(slot, parent);
        if (forge)
            commit = commit with { Provenance = new string('f', 64) };
        _store.Create(Epoch, slot, commit, CopyHealth.Unverified);
        _tip = commit;
        if (Step == StepsToFinish)
            (Finished, Alive) = (true, false);
        return new CommitRef(Epoch, slot);
    }

    private Commit Document(int slot, CommitRef? parent) => new()
    {
        RunUid = Sample.Uid,
        Epoch = Epoch,
        Attempt = 0,
        Step = Step,
        Parent = parent,
        ResumedFrom = ResumeFrom,
        Nonce = "0123456789abcdef",
        Provenance = Provenance.Compute(Sample.Uid, _tip?.Provenance, Epoch, 0, "0123456789abcdef", ResumeFrom, Step),
        Files = [new CommitFile($"e{Epoch}/a0/{Step}/weights.bin", 8, new string('0', 64))],
    };
}
