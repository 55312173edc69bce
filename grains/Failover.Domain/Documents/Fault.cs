using System.Collections.Immutable;

namespace Failover.Domain.Documents;

/// <summary>
/// What is wrong with a document, and where. <paramref name="Path"/> is a JSON path such as <c>spec.gang.workers</c> (<c>$</c>: the document itself);
/// <paramref name="Message"/> names the way out. Neither holds control characters, whatever the document held.
/// </summary>
public sealed record Fault(string Path, string Message)
{
    /// <summary>Results list at most so many faults, the last one saying how many more there are: an answer has to stay readable, and small.</summary>
    public const int ListedMax = 100;

    /// <inheritdoc />
    public override string ToString() => $"{Path}: {Message}";

    internal static ImmutableArray<Fault> Listed(List<Fault> faults) =>
        faults.Count <= ListedMax
            ? [.. faults]
            : [.. faults.Take(ListedMax - 1), new Fault("$", $"and {faults.Count - ListedMax + 1} more faults; mend these first")];
}
