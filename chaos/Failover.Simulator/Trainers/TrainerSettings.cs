using System.Globalization;

namespace Failover.Simulator.Trainers;

/// <summary>What a trainer reads from its environment.</summary>
public sealed record TrainerSettings
{
    /// <summary><c>FAILOVER_RUN</c>: the run's name.</summary>
    public required string Run { get; init; }

    /// <summary><c>FAILOVER_UID</c>: the run's uid.</summary>
    public required string Uid { get; init; }

    /// <summary><c>FAILOVER_EPOCH</c>: 1 or more.</summary>
    public required int Epoch { get; init; }

    /// <summary><c>FAILOVER_CHECKPOINT_URI</c>: the epoch's folder.</summary>
    public required string CheckpointUri { get; init; }

    /// <summary><c>FAILOVER_RESUME_URI</c>: a commit slot; null on a fresh start.</summary>
    public string? ResumeUri { get; init; }

    /// <summary><c>FAILOVER_HEARTBEAT_URI</c>; null where no heartbeats are wanted.</summary>
    public string? HeartbeatUri { get; init; }

    /// <summary><c>FAILOVER_HEARTBEAT_SECONDS</c>, fractions allowed.</summary>
    public TimeSpan HeartbeatEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>TRAINER_SEED</c>: fixes the data, and the awkwardness.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary><c>TRAINER_STEPS</c>: the step after which training is done, 1 or more.</summary>
    public long Steps { get; init; } = 1000;

    /// <summary><c>TRAINER_STEP_MS</c>: how long a step takes, 1 or more.</summary>
    public TimeSpan StepTime { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>TRAINER_COMMIT_EVERY</c>: steps between commits, 1 or more.</summary>
    public long CommitEvery { get; init; } = 50;

    /// <summary><c>TRAINER_LOAD_MS</c>: how long loading takes, 0 or more.</summary>
    public TimeSpan LoadTime { get; init; }

    /// <summary><c>TRAINER_KEEP</c>: how many of its own checkpoints an attempt keeps when it prunes, 0 for all.</summary>
    public int Keep { get; init; }

    /// <summary><c>TRAINER_AWKWARD</c> (1 or true): commit at awkward moments, drawn from the seed.</summary>
    public bool Awkward { get; init; }

    /// <summary><c>TRAINER_TERSE</c> (1 or true): heartbeats say no more than they must, neither <c>beat</c> nor <c>phase</c>, and nothing is said before the first step can be taken.</summary>
    public bool Terse { get; init; }

    /// <summary>Whether these containers were started by Failover at all.</summary>
    public static bool IsTrainer(IReadOnlyDictionary<string, string> environment) => environment.ContainsKey("FAILOVER_UID");

    /// <summary>Reads the environment. Throws <see cref="ArgumentException"/> where a variable is missing, malformed or out of range.</summary>
    public static TrainerSettings FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        string? Text(string name) => environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
        string Needed(string name) => Text(name) ?? throw new ArgumentException($"{name} is not set.", nameof(environment));
        T Number<T>(string name, T fallback, T least) where T : struct, IComparable<T>, IParsable<T> =>
            Text(name) is not { } text ? fallback
            : T.TryParse(text, CultureInfo.InvariantCulture, out var number) && number.CompareTo(least) >= 0 ? number
            : throw new ArgumentException($"{name} is '{text}', not a number of {least} or more.", nameof(environment));

        Needed("FAILOVER_EPOCH");
        return new()
        {
            Run = Text("FAILOVER_RUN") ?? Needed("FAILOVER_UID"),
            Uid = Needed("FAILOVER_UID"),
            Epoch = Number("FAILOVER_EPOCH", 0, 1),
            CheckpointUri = Needed("FAILOVER_CHECKPOINT_URI"),
            ResumeUri = Text("FAILOVER_RESUME_URI"),
            HeartbeatUri = Text("FAILOVER_HEARTBEAT_URI"),
            HeartbeatEvery = TimeSpan.FromSeconds(Number("FAILOVER_HEARTBEAT_SECONDS", 5.0, 0.001)),
            Seed = Number("TRAINER_SEED", 1UL, 0UL),
            Steps = Number("TRAINER_STEPS", 1000L, 1L),
            StepTime = TimeSpan.FromMilliseconds(Number("TRAINER_STEP_MS", 100, 1)),
            CommitEvery = Number("TRAINER_COMMIT_EVERY", 50L, 1L),
            LoadTime = TimeSpan.FromMilliseconds(Number("TRAINER_LOAD_MS", 0, 0)),
            Keep = Number("TRAINER_KEEP", 0, 0),
            Awkward = Text("TRAINER_AWKWARD") is "1" or "true",
            Terse = Text("TRAINER_TERSE") is "1" or "true",
        };
    }
}
