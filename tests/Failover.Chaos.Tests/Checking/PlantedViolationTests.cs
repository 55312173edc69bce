using Failover.Chaos.Checking;
using Failover.Chaos.Reporting;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Tests.Checking;

/// <summary>What every check is for: a record with one thing wrong is found wrong by the check of that name, and by no other.</summary>
public sealed class PlantedViolationTests
{
    [Fact]
    public void Of_HealthyRecord_EveryCheckHoldsAndHasLooked()
    {
        var report = Judge(RecordBuilder.Healthy());

        Assert.Empty(report.Judgements.SelectMany(judgement => judgement.Violations.Select(violation => $"{judgement.Name}: {violation}")));
        Assert.All(report.Judgements, judgement => Assert.True(judgement.Observations > 0 || judgement.Name is "I1" or "I9", judgement.Name));
        Assert.True(report.Passed);
        Assert.Equal(4, report.StepsRedone);
    }

    [Fact]
    public void Of_SlotThatChanged_I1() => Expect("I1", record => record.Add(75, new SlotChanged(RecordBuilder.WestStore, "research", RecordBuilder.Uid, 1, 0)));

    [Fact]
    public void Of_SealFollowedByACommit_I1() =>
        Expect("I1", record =>
        {
            Seal(record, slot: 5, seconds: 60);
            var late = record.Events.OfType<SlotSeen>().First(seen => seen.Epoch == 1 && seen.Slot == 1).Commit!;
            record.Add(61, new SlotSeen(RecordBuilder.EastStore, "research", RecordBuilder.Uid, 1, 6, Sealed: false, late));
        });

    [Fact]
    public void Of_EpochThatSkipsAnother_I1() =>
        Expect("I1", record => record.AddRow(80, record.Runs[^1].Row with { Epoch = record.Runs[^1].Row.Epoch! with { Target = new StoredTarget("west-2", "west", "h100", RecordBuilder.WestStore) } }));

    [Fact]
    public void Of_AttemptThatResumedFromAnotherCommitThanItWasTold_I2() =>
        Expect("I2", record =>
        {
            // A second attempt of the first epoch, from a commit that nobody told it; none of its work counts.
            record.Add(24, new AttemptStarted(RecordBuilder.Trainer(1, attempt: 1), "0000000000000099", new CommitRef(9, 9), 5));
        });

    [Fact]
    public void Of_WorkloadWithoutARowThatSaysSo_I3() =>
        Expect("I3", record => record.Replace<ApiCallSeen>(seen => seen.Call.Name.EndsWith("e2", StringComparison.Ordinal), seen => seen with
        {
            At = RecordBuilder.At(49.5),
            Call = seen.Call with { At = RecordBuilder.At(49.5) },
        }));

    [Fact]
    public void Of_SealThatNobodyIntended_I3() => Expect("I3", record => Seal(record, slot: 2, seconds: 30));

    [Fact]
    public void Of_EpochCalledSealedWithoutASeal_I4() =>
        Expect("I4", record => record.ChangeRows(row => row.Past.Count > 0, row => row with { Past = [row.Past[0] with { Sealed = true }] }));

    [Fact]
    public void Of_DisplacementWhileHeartbeatsArrived_I5() =>
        Expect("I5", record => record.Add(44, new StepReached(RecordBuilder.Trainer(1), 24, 24, HeartbeatWritten: true)));

    [Fact]
    public void Of_MoveWithoutAPermit_I6() => Expect("I6", record => record.Brakes.Clear());

    [Fact]
    public void Of_PermitsBeyondTheBudget_I6() =>
        Expect("I6", record => record.Brakes.Add(new(0, RecordBuilder.At(60), new StoredBrake
        {
            Permits =
            [
                new StoredPermit(RecordBuilder.Uid, 1, "east", 8, RecordBuilder.At(46)),
                new StoredPermit("another", 1, "west", 56, RecordBuilder.At(60)),
            ],
        })));

    [Fact]
    public void Of_PermitsOfMoreRunsThanTheBudget_I6() =>
        Expect("I6", record => record.Brakes.Add(new(0, RecordBuilder.At(60), new StoredBrake
        {
            Permits =
            [
                new StoredPermit(RecordBuilder.Uid, 1, "east", 8, RecordBuilder.At(46)),
                .. Enumerable.Range(0, 3).Select(run => new StoredPermit($"small-{run}", 1, "west", 1, RecordBuilder.At(60))),
            ],
        })));

    [Fact]
    public void Of_MoreGpusPromisedThanFree_I7() =>
        Expect("I7", record => record.Members.Add(new(
            0, RecordBuilder.At(60), RecordBuilder.Member(RecordBuilder.West, "Healthy", [RecordBuilder.Reservation("r2", 3)]))));

    [Fact]
    public void Of_PromiseBesideOneThatLostItsRoom_Holds()
    {
        var record = RecordBuilder.Healthy();
        PromiseBesideOneThatLostItsRoom(record, gpus: 4);
        Assert.True(Judge(record).Passed);
    }

    [Fact]
    public void Of_PromiseOfWhatIsLeftToAnother_I7() => Expect("I7", record => PromiseBesideOneThatLostItsRoom(record, gpus: 8));

    [Fact]
    public void Of_WaitWithoutAReason_I8() =>
        Expect("I8", record => record.ChangeRows(row => row.Waiting?.Reason == "Displaced", row => row with { Waiting = row.Waiting! with { Detail = "" } }));

    [Fact]
    public void Of_WorkBesideAStaleEpoch_I9() =>
        Expect("I9", record =>
        {
            // Another run's epoch is created on the member that was lost, while the zombie's Job of epoch 1 is still there.
            record.Add(30, new FaultInjected("x", "y", FaultPhase.Once));
            var back = RecordBuilder.Call("create", 1, RecordBuilder.East, 201, 90);
            var labels = new Dictionary<string, string>(back.Call.Labels!) { [EffectChecks.UidLabel] = "another" };
            record.Add(90, back with { Call = back.Call with { Labels = labels, Uid = "job-new", Name = "another-e1" } });
            var other = RecordBuilder.Row("Finished", RecordBuilder.Epoch(1)) with { Uid = "another", Spec = new StoredSpec { Name = "another" } };
            record.AddRow(89, other with { Step = "Launching" });
        });

    [Fact]
    public void Of_StaleWorkloadThatIsNeverRemoved_I9() =>
        Expect("I9", record => record.Replace<ApiCallSeen>(seen => seen.Call.Verb == "delete", seen => seen with { Call = seen.Call with { Status = 503 } }));

    [Fact]
    public void Of_OtherWeights_Weights() =>
        Expect("weights", record => record.Replace<RunFinished>(_ => true, end => end with { WeightsSha256 = new string('0', 64) }));

    [Fact]
    public void Of_OtherProvenanceAtTheEnd_Provenance() =>
        Expect("provenance", record => record.Replace<RunFinished>(_ => true, end => end with { Provenance = new string('0', 64) }));

    [Fact]
    public void Of_StepThatTheRowMisstates_Redone() =>
        Expect("redone", record => record.ChangeRows(row => row.Epoch?.Number == 2, row => row with { Epoch = row.Epoch! with { ResumeStep = 10 } }));

    private static void Seal(RecordBuilder record, int slot, double seconds) =>
        record.Add(seconds, new SlotSeen(RecordBuilder.EastStore, "research", RecordBuilder.Uid, 1, slot, Sealed: true, null));

    /// <summary>Two workers of 8 are promised two nodes; a GPU of one breaks; then another worker is promised.</summary>
    private static void PromiseBesideOneThatLostItsRoom(RecordBuilder record, int gpus)
    {
        var before = RecordBuilder.Member(RecordBuilder.West, "Healthy", [RecordBuilder.Reservation("r2", 2)]);
        record.Members.Add(new(0, RecordBuilder.At(60), before));
        record.Members.Add(new(0, RecordBuilder.At(61), before with
        {
            Capacity = new StoredCapacity([new StoredPool("h100", 15, [0, 0, 0, 0, 0, 0, 0, 1, 1])], []),
            Reservations = [.. before.Reservations, RecordBuilder.Reservation("r3", 1) with { RunUid = "another", GpusPerWorker = gpus }],
        }));
    }

    private static void Expect(string name, Action<RecordBuilder> plant)
    {
        var record = RecordBuilder.Healthy();
        plant(record);

        var report = Judge(record);

        Assert.False(report.Passed);
        Assert.Equal([name], report.Judgements.Where(judgement => !judgement.Held).Select(judgement => judgement.Name));
    }

    private static ChaosReport Judge(RecordBuilder record) => ChaosReport.Of(record.Build(), RecordBuilder.Plan, []);
}
