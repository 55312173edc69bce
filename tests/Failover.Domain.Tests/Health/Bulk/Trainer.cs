namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>How a trainer tells that it lives.</summary>
internal enum TrainerKind
{
    /// <summary>Beats between its steps; it never pauses for long once it steps, and says when it loads.</summary>
    Steady,

    /// <summary>Pauses for minutes to make checkpoints, and says so before.</summary>
    Telling,

    /// <summary>Pauses as long without a word, as it has been doing for days.</summary>
    Mute,

    /// <summary>Beats from a thread of its own, whatever its steps do.</summary>
    Threaded,

    /// <summary>Sends no heartbeats; its commits are all there is.</summary>
    CommitsOnly,
}

/// <summary>What is to be read of a trainer.</summary>
internal readonly record struct Written(int Attempt, long Step, long Beat, bool Busy);

/// <summary>A trainer and what it wrote, in seconds. It loads, compiles at its first step, steps, makes checkpoints, and crashes now and then.</summary>
internal sealed class Trainer(string uid, TrainerKind kind, Random random, double bornAt, Func<double, bool> canWrite, Func<double, bool> mayCrash)
{
    private const double BeatEvery = 5;
    private const double CrashEvery = 8 * 3_600;

    private readonly double stepTakes = kind == TrainerKind.Steady ? 0.2 + random.NextDouble() : 0.5 + (random.NextDouble() * 4);
    private readonly double checkpointEvery = 300 + (random.NextDouble() * 900);
    private readonly double checkpointTakes = kind == TrainerKind.Steady ? random.NextDouble() * 4 : 20 + (random.NextDouble() * 100);
    private double nextAt = bornAt;
    private double crashAt = double.MaxValue;
    private double nextCheckpoint;
    private double beaten;
    private Phase phase = Phase.Starting;
    private long step;
    private int attempt = -1;
    private long beats;

    private enum Phase
    {
        Starting,
        Loading,
        Training,
        Checkpointing,
    }

    public string Uid { get; } = uid;

    public TrainerKind Kind { get; } = kind;

    /// <summary>What it has shown of its present attempt, in steps or commits: three make two intervals.</summary>
    public int Steps { get; private set; }

    /// <summary>The longest pause that is usual with it; zero where its pauses don't matter.</summary>
    public double UsualPause => Kind == TrainerKind.Mute ? checkpointTakes * 1.2 : 0;

    /// <summary>The newest that could be written; <see langword="null"/> before the first.</summary>
    public Written? Shown { get; private set; }

    /// <summary>Lets it train up to <paramref name="now"/>.</summary>
    public void Advance(double now)
    {
        while (nextAt <= now)
        {
            var at = nextAt;
            if (at >= crashAt && mayCrash(at))
                phase = Phase.Starting;
            switch (phase)
            {
                case Phase.Starting:
                    Start(at);
                    break;
                case Phase.Checkpointing:
                    if (Kind == TrainerKind.CommitsOnly && canWrite(at))
                        Show(new Written(attempt, step, 0, false));
                    phase = Phase.Training;
                    nextAt = at + StepTime();
                    break;
                default:
                    Step(at);
                    break;
            }
        }

        if (Kind == TrainerKind.Threaded && attempt >= 0)
            BeatInBackground(now);
    }

    private void Start(double at)
    {
        attempt++;
        crashAt = at + (CrashEvery * (0.5 + random.NextDouble()));
        // From the last checkpoint, or thereabouts.
        step = Math.Max(0, step - 50);
        phase = Phase.Loading;
        nextAt = at + 30 + (random.NextDouble() * 270);
        nextCheckpoint = nextAt + checkpointEvery;
        if (Kind is TrainerKind.Steady or TrainerKind.Telling)
            Beat(at, busy: true);
    }

    private void Step(double at)
    {
        step++;
        var first = phase == Phase.Loading;
        phase = Phase.Training;
        if (at - beaten >= BeatEvery || first)
            Beat(at, busy: false);
        nextAt = at + StepTime();
        if (at < nextCheckpoint)
            return;
        nextCheckpoint = at + checkpointEvery;
        phase = Phase.Checkpointing;
        if (Kind == TrainerKind.Telling)
            Beat(at, busy: true);
        nextAt = at + (checkpointTakes * (0.7 + (random.NextDouble() * 0.6)));
    }

    private double StepTime() => stepTakes * (0.9 + (random.NextDouble() * 0.2));

    private void Beat(double at, bool busy)
    {
        if (Kind == TrainerKind.CommitsOnly)
            return;
        beaten = at;
        if (canWrite(at))
            Show(new Written(attempt, step, ++beats, busy));
    }

    private void Show(Written written)
    {
        Steps = Shown is not { } before || before.Attempt != written.Attempt ? 0 : written.Step > before.Step ? Steps + 1 : Steps;
        Shown = written;
    }

    private void BeatInBackground(double now)
    {
        while (beaten + BeatEvery <= now)
            Beat(beaten + BeatEvery, busy: phase is Phase.Loading or Phase.Checkpointing);
    }
}
