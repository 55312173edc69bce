using System.Text;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Migration;

/// <summary>One run, told one event after the other; a second passes before each. Writes down what became of it.</summary>
internal sealed class RunPlay(RunState state)
{
    private readonly StringBuilder _transcript = new();

    public RunState State { get; private set; } = state;

    public RunTransition Last { get; private set; } = new(state, [], false);

    /// <summary>A line an event: the event, the step after it, and the effects that are due then.</summary>
    public string Transcript => _transcript.ToString().TrimEnd();

    public DateTimeOffset At => State.Now + TimeSpan.FromSeconds(1);

    /// <summary>The effect of the present step.</summary>
    public string Effect => RunMachine.Pending(State, Sample.Policy).First(effect => effect is not (RunEffect.Seal { Owed: true } or RunEffect.Unpin)).Id;

    public RunPlay Tell(RunEvent happened)
    {
        Last = RunMachine.Next(State, happened, Sample.Policy);
        State = Last.State;
        var effects = string.Join(", ", Last.Effects.Select(effect => effect.Id[(Sample.Uid.Length + 1)..]));
        var waits = State.Waiting is { } waiting ? $" ({waiting.Reason})" : "";
        _transcript.Append(happened.GetType().Name).Append(" -> ").Append(State.Step).Append(waits);
        _transcript.AppendLine(effects.Length == 0 ? "" : $": {effects}");
        return this;
    }

    public RunPlay Wait(TimeSpan time) => Tell(new RunEvent.Tick(State.Now + time));

    public RunPlay Displace() => Tell(new RunEvent.Displaced(At, State.EpochNumber, "its region is lost", At));

    public RunPlay Place(Target target, MoveCause cause = MoveCause.Failover) =>
        Tell(new RunEvent.Placed(At, State.EpochNumber, State.Moves, cause, target, At));

    public RunPlay Reserve(bool granted = true) => Tell(new RunEvent.Reservation(At, Effect, granted, granted ? "" : "full"));

    public RunPlay Survey(LineageSurvey survey) => Tell(new RunEvent.Surveyed(At, Effect, survey));

    public RunPlay Stage(bool complete = true, string? bad = null) => Tell(new RunEvent.Staged(At, Effect, complete, bad));

    public RunPlay Seal(LineageSurvey survey, bool reached = true) =>
        Tell(new RunEvent.Sealed(At, Effect, State.EpochNumber, State.Epoch!.Target.Store, reached, survey));

    public RunPlay Pin(bool complete = true) => Tell(new RunEvent.Pinned(At, Effect, complete));

    public RunPlay Launch(string? refusal = null) => Tell(new RunEvent.Launched(At, Effect, refusal));

    public RunPlay Fail() => Tell(new RunEvent.EffectFailed(At, Effect, "no answer"));

    /// <summary>A heartbeat of the current epoch that says what is true.</summary>
    public RunPlay Progress(long step, int attempt = 0, ProgressKind by = ProgressKind.Heartbeat) =>
        Tell(new RunEvent.Progressed(At, new Progress(State.EpochNumber, attempt, step, State.Epoch?.ResumeFrom, At), by));

    public RunPlay Exit(int code) => Tell(new RunEvent.WorkloadFailed(At, State.EpochNumber, code, $"exit code {code}"));

    public RunPlay Tip(string store, CommitRef commit, long step, int own) =>
        Tell(new RunEvent.TipAdvanced(At, State.EpochNumber, new StoreTip(store, commit, step, At), own));

    /// <summary>From running to the step that is asked for, as a failover gets there, with <paramref name="commits"/> of epoch 1 in both stores.</summary>
    public RunPlay FailOverTo(RunStep step, int commits = 2)
    {
        Action[] way =
        [
            () => Displace().Place(Sample.West), () => Reserve(), () => Survey(Sample.Survey(commits)), () => Stage(), () => Seal(Sample.Survey(commits)), () => Pin(),
            () => Launch(),
        ];
        foreach (var go in way)
        {
            go();
            if (State.Step == step)
                return this;
        }
        throw new ArgumentOutOfRangeException(nameof(step), step, Transcript);
    }
}
