using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Cli.Tests;

/// <summary>Views that have every field, as of <see cref="Now"/>.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static Timestamp Ago(double seconds) => Now.AddSeconds(-seconds).ToTimestamp();

    public static RunLine Line(string name = "llama-7b") => new()
    {
        Uid = "01jn8x0000abcdefghjkmnpqrs",
        Name = name,
        Tenant = "research",
        Tier = 2,
        Gpus = 512,
        Step = "Running",
        StepSince = Ago(192),
        Epoch = 2,
        Member = "westeurope-a",
        Region = "westeurope",
        Sku = "h100",
        TrainingStep = 184_210,
        SubmittedAt = Ago(525_600),
    };

    public static RunLine WaitingLine() => new()
    {
        Uid = "01jn8x0001abcdefghjkmnpqrs",
        Name = "a-run-whose-name-is-as-long-as-names-get",
        Tenant = "research",
        Gpus = 64,
        Step = "Waiting",
        WaitingReason = "NoFit",
        StepSince = Ago(5),
        SubmittedAt = Ago(5),
    };

    public static Run Run()
    {
        var run = new Run
        {
            Line = Line(),
            Current = new Epoch
            {
                Number = 2,
                Member = "westeurope-a",
                Region = "westeurope",
                Sku = "h100",
                Store = "west",
                ResumedFrom = "e1/41",
                ResumeStep = 184_000,
                Since = Ago(200),
                TrainingStep = 184_210,
                ProgressAt = Ago(1),
            },
            LastMove = new Move
            {
                Number = 2,
                Cause = "Failover",
                Member = "westeurope-a",
                Region = "westeurope",
                Sku = "h100",
                ToEpoch = 2,
                Commit = "e1/41",
                CommitStep = 184_000,
                Note = new PlacementNote
                {
                    Engine = "Solver",
                    Gap = 0.0012,
                    Value = 110_162.9,
                    StagingSeconds = 212,
                    EgressDollars = 8.4,
                    GpuHoursLost = 47.22,
                    RunnerUp = "southeastasia-a-member-of-a-long-name (h100)",
                    RunnerUpLoss = 1_204.5,
                },
                FallbackDetail = "e1/42 is corrupt in east; the one before was chosen.",
                Dates = { new DatedStep { Step = "Detected", At = Ago(230) }, new DatedStep { Step = "Planned", At = Ago(215.5) }, new DatedStep { Step = "Running", At = Ago(192) } },
            },
            Workers = 64,
            GpusPerWorker = 8,
            RetriesInPlace = 1,
        };
        run.Past.Add(new PastEpoch { Number = 1, Member = "eastus-a", Region = "eastus", Sku = "h100", CutAt = "e1/41", Sealed = true, Until = Ago(200) });
        run.Tips.Add(new StoreTip { Store = "west", Commit = "e2/0", TrainingStep = 184_200, At = Ago(10), Reached = "Yes" });
        run.Tips.Add(new StoreTip { Store = "east", Commit = "e1/41", TrainingStep = 184_000, At = Ago(240), Reached = "No" });
        run.StoresOutOfReach.Add(new StoreOutOfReach { Store = "east", Since = Ago(205), Detail = "east: no answer within 5 s" });
        run.Distrusted.Add(new Distrust { Member = "eastus-b", Until = Ago(-600), Reason = "its gang did not start" });
        run.PendingSeals.Add(new PendingSeal { Epoch = 1, Store = "east", Since = Ago(200) });
        return run;
    }

    public static Run WaitingRun() => new()
    {
        Line = WaitingLine(),
        Waiting = new Waiting
        {
            Reason = "NoFit",
            Detail = "It fits nowhere.",
            Since = Ago(5),
            Until = Ago(-25),
            PerMember =
            {
                new MemberReason { Member = "eastus-a", Reason = "too large for it even if it were empty: needs 64 GPUs, its h100 nodes have 32 in all", Never = true },
                new MemberReason { Member = "westeurope-a", Reason = "24 GPUs of h100 are free in whole nodes of 8, and 64 are needed; waiting for others to finish." },
            },
        },
        Workers = 8,
        GpusPerWorker = 8,
    };

    public static Member Member()
    {
        var member = new Member
        {
            Name = "eastus-a",
            Region = "eastus",
            Verdict = "ControlPlaneDown",
            Since = Ago(61),
            Detail = "The API does not answer, but runs progress.",
            Clean = true,
            TargetDetail = "It is ControlPlaneDown, not Healthy.",
            ConfirmedLostBy = "ada",
            Row = "control-plane-down",
            RowConditions = "api=No, progress=Yes",
            RowReason = "The API does not answer, but runs progress.",
            RowAdvice = "Nothing is moved. Bring its control plane back; drain it if that takes long.",
            Now = Ago(0),
            RampShare = 1,
            NodeProblems = { "node-7: GPUMissing" },
            Signs = { new RunSign { RunUid = "01jn8x0000abcdefghjkmnpqrs", Epoch = 2, Detail = "its step does not rise" } },
        };
        member.Evidence.Add(new Evidence { Witness = "api", Site = "laptop", Answer = "No", Age = Duration.FromTimeSpan(TimeSpan.FromSeconds(64)), Detail = "time-out after 1 s", At = Ago(1) });
        member.Evidence.Add(new Evidence { Witness = "progress", Answer = "Yes", Age = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5)), At = Ago(1) });
        member.Pools.Add(new Pool { Sku = "h100", GpusTotal = 512, GpusFree = 24 });
        member.Reservations.Add(new Reservation { RunUid = "01jn8x0000abcdefghjkmnpqrs", Epoch = 2, Sku = "h100", Gpus = 512, At = Ago(3_700) });
        member.StaleWorkloads.Add("llama-7b-qrs-e1");
        return member;
    }

    public static BrakeView HeldBrake() => new()
    {
        Held = true,
        HeldBecause = "480 of 512 GPUs in 2 regions within 10 min: more than one whole region, and more than 40 %.",
        HeldSince = Ago(30),
        GpusCharged = 512,
        RunsCharged = 1,
        RegionsCharged = { "eastus" },
        Window = Duration.FromTimeSpan(TimeSpan.FromMinutes(10)),
        GpuShareMax = 0.4,
        RunShareMax = 0.25,
        Permits = { new Permit { RunUid = "01jn8x0000abcdefghjkmnpqrs", Epoch = 1, Region = "eastus", Gpus = 512, At = Ago(90), Charged = true } },
    };
}
