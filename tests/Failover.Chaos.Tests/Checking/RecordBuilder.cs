using Failover.Chaos.Checking;
using Failover.Chaos.Recording;
using Failover.Simulator.ApiServer;
using Failover.Simulator.History;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;
using Record = Failover.Chaos.Checking.Record;

namespace Failover.Chaos.Tests.Checking;

/// <summary>
/// A small record by hand: one run, <see cref="Uid"/>, that trains in east, is lost with it, is moved to west and ends there. A test plants one thing that must
/// not be, by changing what <see cref="Healthy"/> made.
/// </summary>
internal sealed class RecordBuilder
{
    public const string Uid = "01jd2m7k3q8v5w9x0y1z2a3b4c";
    public const string Run = "run-00";
    public const string East = "east-1";
    public const string West = "west-1";
    public const string EastStore = "east-ckpt";
    public const string WestStore = "west-ckpt";
    public const ulong Seed = 7;
    public const long Steps = 40;

    public static readonly DateTimeOffset Began = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    public static readonly PlannedRun Planned = new(Run, Seed, Steps, 10, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    public static readonly BrakeBudget Budget = new(TimeSpan.FromMinutes(10), 0.4, 64, new Dictionary<string, int> { ["east"] = 8, ["west"] = 56 }, 0.4, 8);

    private static readonly StoredTarget EastTarget = new(East, "east", "h100", EastStore);
    private static readonly StoredTarget WestTarget = new(West, "west", "h100", WestStore);

    public List<HistoryEvent> Events { get; } = [];

    public List<StoredWrite<StoredRun>> Runs { get; } = [];

    public List<StoredWrite<StoredMember>> Members { get; } = [];

    public List<StoredWrite<StoredBrake>> Brakes { get; } = [];

    public static RecordPlan Plan { get; } = new("by-hand", 1, [Planned], Budget, [], ExpectsZombies: false);

    public static DateTimeOffset At(double seconds) => Began.AddSeconds(seconds);

    /// <summary>Epoch 1 commits steps 10 and 20 and dies at 26 s; epoch 2 resumes from the second at 52 s and ends at step 40.</summary>
    public static RecordBuilder Healthy()
    {
        var record = new RecordBuilder();
        record.AddFirstEpoch();
        record.AddLoss();
        record.AddSecondEpoch();
        return record;
    }

    public Record Build() =>
        new([Planned], [.. Events.OrderBy(seen => seen.At).Select((seen, index) => seen with { Seq = index })], Numbered(Runs), Numbered(Members), Numbered(Brakes));

    public static TrainerId Trainer(int epoch, int attempt = 0) =>
        new(Uid, Run, epoch == 1 ? East : West, epoch == 1 ? "east" : "west", epoch, attempt);

    public void Add(double seconds, HistoryEvent seen) => Events.Add(seen with { At = At(seconds) });

    public void Replace<T>(Func<T, bool> which, Func<T, HistoryEvent> with)
        where T : HistoryEvent
    {
        var index = Events.FindIndex(seen => seen is T known && which(known));
        Events[index] = with((T)Events[index]);
    }

    public void AddRow(double seconds, StoredRun row) => Runs.Add(new(0, At(seconds), row));

    public void ChangeRows(Func<StoredRun, bool> which, Func<StoredRun, StoredRun> change)
    {
        for (var i = 0; i < Runs.Count; i++)
        {
            if (which(Runs[i].Row))
                Runs[i] = Runs[i] with { Row = change(Runs[i].Row) };
        }
    }

    public static ApiCallSeen Call(string verb, int epoch, string member, int status, double seconds) => new(new ApiCall(
        member, At(seconds), "failover", verb, "/apis/batch/v1/namespaces/train/jobs", "jobs", "train", $"{Run}-e{epoch}", status, DryRun: false,
        new Dictionary<string, string>
        {
            [EffectChecks.UidLabel] = Uid,
            [EffectChecks.EpochLabel] = $"{epoch}",
            [EffectChecks.LaunchLabel] = $"launch-{epoch}",
        },
        $"job-{member}-{epoch}"));

    public static StoredRun Row(string step, StoredEpoch? epoch) => new()
    {
        Uid = Uid,
        Spec = new StoredSpec { Name = Run, Tenant = "research", Gang = new StoredGang(1, 8) },
        Step = step,
        Epoch = epoch,
    };

    public static StoredEpoch Epoch(int number, CommitRef? resumeFrom = null, long resumeStep = 0) =>
        new(number, number == 1 ? EastTarget : WestTarget, resumeFrom, resumeStep, $"launch-{number}", Fenced: false);

    public static StoredMember Member(string name, string verdict, IReadOnlyList<StoredReservation>? reservations = null) => new()
    {
        Name = name,
        Region = name[..^2],
        Verdict = verdict,
        Capacity = new StoredCapacity([new StoredPool("h100", 16, [0, 0, 0, 0, 0, 0, 0, 0, 2])], []),
        Reservations = reservations ?? [],
    };

    public static StoredReservation Reservation(string effect, int workers) => new(Uid, 2, effect, "h100", workers, 8);

    public void Commit(double seconds, int epoch, int slot, long step, CommitRef? parent, CommitRef? resumedFrom, params string[] stores)
    {
        var parentProvenance = parent is null ? null : Events.OfType<SlotSeen>().First(seen => seen.Epoch == parent.Epoch && seen.Slot == parent.Commit).Commit!.Provenance;
        var document = new CommitDocument
        {
            Run = Uid,
            Epoch = epoch,
            Attempt = 0,
            Step = step,
            Parent = parent,
            ResumedFrom = resumedFrom,
            Nonce = Nonce(epoch),
            Provenance = Provenance.Compute(Uid, parentProvenance, epoch, 0, Nonce(epoch), resumedFrom, step),
            Files = [new CommitFile($"e{epoch}/a0/{step}/weights.bin", 10, new string('0', 64))],
        };
        Add(seconds, new CommitTried(Trainer(epoch), slot, step, step, CommitOutcome.Committed));
        foreach (var store in stores)
            Add(seconds + 0.2, new SlotSeen(store, "research", Uid, epoch, slot, Sealed: false, document));
    }

    private static string Nonce(int epoch) => $"{epoch:x16}";

    private static List<StoredWrite<T>> Numbered<T>(List<StoredWrite<T>> writes) =>
        [.. writes.OrderBy(write => write.At).Select((write, index) => write with { Seq = index })];

    private void AddFirstEpoch()
    {
        Members.Add(new(0, At(-2), Member(East, "Healthy")));
        Members.Add(new(0, At(-2), Member(West, "Healthy")));
        AddRow(-1, Row("Waiting", null) with { Waiting = new StoredWait("NotYetPlanned", "submitted", At(-1)) });
        AddRow(0, Row("Launching", Epoch(1)));
        Add(0.5, Call("create", 1, East, 201, 0.5));
        Add(1, new AttemptStarted(Trainer(1), Nonce(1), null, 0));
        AddRow(2, Row("Running", Epoch(1)));
        Commit(11, 1, 0, 10, null, null, EastStore, WestStore);
        Add(16, new StepReached(Trainer(1), 15, 15, HeartbeatWritten: true));
        Commit(21, 1, 1, 20, new CommitRef(1, 0), null, EastStore, WestStore);
        Add(25, new StepReached(Trainer(1), 24, 24, HeartbeatWritten: true));
    }

    private void AddLoss()
    {
        Add(26, new FaultInjected(FaultKinds.RegionPower, "east", FaultPhase.Begin));
        Add(26, new FaultInjected(FaultKinds.StoreUnreachable, EastStore, FaultPhase.Begin));
        Add(26, new FaultInjected(FaultKinds.MemberUnreachable, East, FaultPhase.Begin));
        Add(26, new AttemptExited(Trainer(1), 137, "killed", 25));
        Members.Add(new(0, At(44), Member(East, "Lost")));
        AddRow(45, Row("Waiting", Epoch(1)) with { Waiting = new StoredWait("Displaced", "its member is lost", At(45)) });
        Brakes.Add(new(0, At(46), new StoredBrake { Permits = [new StoredPermit(Uid, 1, "east", 8, At(46))] }));
    }

    private void AddSecondEpoch()
    {
        var from = new CommitRef(1, 1);
        var move = new StoredMove(2, "Failover", WestTarget, 2, from, 20, 10, Fresh: false, null,
            [new StoredDate("Waiting", At(45)), new StoredDate("Planned", At(47)), new StoredDate("Reserved", At(48)), new StoredDate("Fenced", At(49))]);
        AddRow(47, Row("Planned", Epoch(1)) with { Move = move with { Dates = [.. move.Dates.Take(2)] } });
        Members.Add(new(0, At(47.5), Member(West, "Healthy", [Reservation("r1", 1)])));
        var past = new StoredPastEpoch(1, EastTarget, null, from, Sealed: false);
        var launching = Row("Launching", Epoch(2, from, 20)) with { Move = move, Past = [past], PendingSeals = [new StoredSeal(1, EastStore)] };
        AddRow(50, launching);
        Add(50.5, Call("create", 2, West, 201, 50.5));
        Add(52, new AttemptStarted(Trainer(2), Nonce(2), from, 20));
        AddRow(54, launching with { Step = "Running", Move = null, LastMove = move });
        Add(58, new StepReached(Trainer(2), 25, 5, HeartbeatWritten: true));
        Commit(62, 2, 0, 30, from, from, WestStore);
        Commit(72, 2, 1, 40, new CommitRef(2, 0), from, WestStore);
        var end = Events.OfType<SlotSeen>().Last().Commit!;
        Add(73, new RunFinished(Trainer(2), Steps, TrainingMath.Reference(Seed, Steps), end.Provenance));
        Add(74, new AttemptExited(Trainer(2), 0, "trained to the end", 20));
        AddRow(76, launching with { Step = "Finished", Move = null, LastMove = move });
        // The lost member is back, and what was left there of epoch 1 is swept.
        Add(95, Call("delete", 1, East, 200, 95));
    }
}
