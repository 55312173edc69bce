namespace Failover.Cli;

/// <summary>What a command sees of the world: streams, the terminal, the environment and the clock.</summary>
public sealed record Surroundings
{
    /// <summary>Tables fit into so many columns where no terminal says otherwise.</summary>
    public const int WidthDefault = 100;

    /// <summary>For data.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>For messages.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>For documents, and answers to questions.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether a person can be asked.</summary>
    public bool CanAsk { get; init; }

    /// <summary>Whether colours make sense.</summary>
    public bool IsColoured { get; init; }

    /// <summary>Columns of the output.</summary>
    public int Width { get; init; } = WidthDefault;

    /// <summary>Who asks, for the record.</summary>
    public string User { get; init; } = "";

    /// <summary>Ages are told by it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Environment variables.</summary>
    public Func<string, string?> Variable { get; init; } = static _ => null;

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        CanAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        IsColoured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        Width = Console.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthDefault : Console.WindowWidth,
        User = Environment.UserName,
        Variable = Environment.GetEnvironmentVariable,
    };
}
