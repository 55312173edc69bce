using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Migration;

/// <summary>Runs in every step, and every event that such a run can meet.</summary>
internal static class Sample
{
    public const string Uid = "01jd2m7k3q8v5w9x0y1z2a3b4c";

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly RunPolicy Policy = new();

    public static readonly Target East = new("east-1", "eastus", "h100", "east");

    public static readonly Target West = new("west-1", "westeurope", "h100", "west");

    public static RunSpec Spec { get; } = new()
    {
        Name = "llama",
        Tenant = "research",
        Gang = new GangSpec(2, 8),
        Skus = ["h100"],
        Checkpoints = new CheckpointSpec("east", ["west"]),
        Workload = [],
    };

    public static RunState Submitted() => RunMachine.Submit(Uid, Spec, Start);

    /// <summary>Runs epoch <paramref name="epoch"/> in the east, having resumed from the last commit of the epoch before.</summary>
    public static RunState Running(int epoch) => Submitted() with
    {
        Step = RunStep.Running,
        Waiting = null,
        Moves = epoch,
        Past = [.. Enumerable.Range(1, epoch - 1).Select(number => new PastEpoch(
            number, West, number == 1 ? null : new CommitRef(number - 1, 0), new CommitRef(number, 0), Sealed: true, Start))],
        Epoch = new EpochState
        {
            Number = epoch,
            Target = East,
            ResumeFrom = epoch == 1 ? null : new CommitRef(epoch - 1, 0),
            ResumeStep = (epoch - 1) * 10,
            LaunchId = $"launch-{epoch}",
            Since = Start,
            Progress = new Progress(epoch, 0, (epoch * 10) + 5, epoch == 1 ? null : new CommitRef(epoch - 1, 0), Start),
        },
    };

    public static MoveState Move(MoveCause cause, int toEpoch) => new()
    {
        Number = toEpoch,
        Cause = cause,
        Target = West,
        ToEpoch = toEpoch,
        Commit = new CommitRef(1, 0),
        CommitStep = 10,
        CommitBytes = 8,
        Sources = ["west", "east"],
        Dates = [new DatedStep("Detected", Start)],
    };

    /// <summary>A run in a step, as a failover from epoch 1 gets there.</summary>
    public static RunState In(RunStep step, MoveCause cause = MoveCause.Failover)
    {
        var running = Running(1);
        return step switch
        {
            RunStep.Waiting => running with { Step = step, Waiting = new WaitState(WaitReason.Displaced, "lost", Start) },
            RunStep.Running or RunStep.Finished or RunStep.Cancelled => running with { Step = step },
            RunStep.Finishing or RunStep.Cancelling => running with { Step = step, Epoch = running.Epoch! with { Fenced = true } },
            RunStep.Launching or RunStep.Verifying => Running(2) with { Step = step, Move = Move(cause, 2) },
            RunStep.Fenced or RunStep.ToppingUp or RunStep.Pinning =>
                running with { Step = step, Moves = 2, Move = Move(cause, 2), Epoch = running.Epoch! with { Fenced = true } },
            _ => running with { Step = step, Moves = 2, Move = Move(cause, 2) },
        };
    }

    /// <summary>One of each event, naming what the state is about.</summary>
    public static IEnumerable<RunEvent> Events(RunState state)
    {
        var at = state.Now + TimeSpan.FromSeconds(1);
        var effect = RunMachine.Pending(state, Policy).FirstOrDefault()?.Id ?? "none";
        var progress = new Progress(state.EpochNumber, 0, 1_000, state.Epoch?.ResumeFrom, at);
        yield return new RunEvent.Tick(at + TimeSpan.FromDays(1));
        yield return new RunEvent.Displaced(at, state.EpochNumber, "lost", at);
        yield return new RunEvent.GaveUp(at, state.EpochNumber, GivenUp.Preempted, "its place goes to another", at) { PreemptedFor = ["another"] };
        yield return new RunEvent.TargetLost(at, state.Moves, "lost");
        yield return new RunEvent.Placed(at, state.EpochNumber, state.Moves, MoveCause.Failover, West, at);
        yield return new RunEvent.NotPlaced(at, state.EpochNumber, state.Moves, [new MemberReason("east-1", "full")]);
        yield return new RunEvent.BrakeHeld(at, state.EpochNumber, "held");
        yield return new RunEvent.Reservation(at, effect, true, "");
        yield return new RunEvent.Surveyed(at, effect, Survey(1));
        yield return new RunEvent.Staged(at, effect, Complete: true);
        yield return new RunEvent.Stopping(at, effect, "its pods are stopping");
        yield return new RunEvent.Quiesced(at, effect);
        yield return new RunEvent.Sealed(at, effect, state.EpochNumber, "east", Reached: true, Survey(1));
        yield return new RunEvent.Pinned(at, effect, Complete: true);
        yield return new RunEvent.Launched(at, effect);
        yield return new RunEvent.EffectFailed(at, effect, "no answer");
        yield return new RunEvent.Progressed(at, progress, ProgressKind.Heartbeat);
        yield return new RunEvent.WorkloadSucceeded(at, state.EpochNumber);
        yield return new RunEvent.WorkloadFailed(at, state.EpochNumber, 1, "exit code 1");
        yield return new RunEvent.TipAdvanced(at, state.EpochNumber, new StoreTip("west", new CommitRef(1, 0), 10, at), 1);
        yield return new RunEvent.Unpinned(at, effect);
        yield return new RunEvent.CancelRequested(at, "ann");
        yield return new RunEvent.RetryRequested(at, "ann", FromNothing: false);
    }

    /// <summary>Both stores hold the first <paramref name="commits"/> commits of epoch 1, verified.</summary>
    public static LineageSurvey Survey(int commits, CopyHealth east = CopyHealth.Verified, CopyHealth west = CopyHealth.Verified) =>
        new([Store("east", commits, east), Store("west", commits, west)]);

    public static StoreSurvey Store(string name, int commits, CopyHealth health) =>
        new(name, SurveyOutcome.Listed, [.. Enumerable.Range(0, commits).Select(slot => new SlotEntry(1, slot, CommitOf(1, slot), health))]);

    public static Commit CommitOf(int epoch, int slot) => new()
    {
        RunUid = Uid,
        Epoch = epoch,
        Attempt = 0,
        Step = (slot + 1) * 10,
        Parent = slot == 0 ? (epoch == 1 ? null : new CommitRef(epoch - 1, 0)) : new CommitRef(epoch, slot - 1),
        ResumedFrom = epoch == 1 ? null : new CommitRef(epoch - 1, 0),
        Nonce = "0123456789abcdef",
        Provenance = Provenance.Compute(
            Uid, slot > 0 ? CommitOf(epoch, slot - 1).Provenance : epoch > 1 ? CommitOf(epoch - 1, 0).Provenance : null, epoch, 0, "0123456789abcdef",
            epoch == 1 ? null : new CommitRef(epoch - 1, 0), (slot + 1) * 10),
        Files = [new CommitFile($"e{epoch}/a0/{(slot + 1) * 10}/weights.bin", 8, new string('0', 64))],
    };

}
