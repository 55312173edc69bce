using Grpc.Core;

namespace Failover.Cli;

/// <summary>What the process answers; scripts depend on these.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>It failed, in a way that has no code of its own.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a document, has faults.</summary>
    public const int BadInput = 2;

    /// <summary>There is no such run or member.</summary>
    public const int NotFound = 3;

    /// <summary>No silo answered; nobody knows whether what was asked for was done.</summary>
    public const int Unavailable = 4;

    /// <summary>Refused as things stand, or not confirmed.</summary>
    public const int Refused = 5;

    /// <summary>The table of codes for the help page.</summary>
    public const string Help =
        "Exit codes: 0 done, 1 failed, 2 bad input (each fault on a line, 'path: message'), 3 no such run or member, " +
        "4 no silo answered, 5 refused or not confirmed.";

    internal static int Of(StatusCode status) => status switch
    {
        StatusCode.InvalidArgument or StatusCode.OutOfRange or StatusCode.ResourceExhausted => BadInput,
        StatusCode.NotFound => NotFound,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded => Unavailable,
        StatusCode.FailedPrecondition or StatusCode.Aborted or StatusCode.AlreadyExists or StatusCode.PermissionDenied or StatusCode.Unauthenticated => Refused,
        _ => Failed,
    };
}
