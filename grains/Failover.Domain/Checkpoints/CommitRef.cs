using System.Globalization;
using System.Text.Json.Serialization;

namespace Failover.Domain.Checkpoints;

/// <summary>Names one commit of a run: slot <paramref name="Commit"/> (dense from 0) of epoch <paramref name="Epoch"/> (from 1). It says nothing of order:
/// the newest commit is the last of the chain, never the one with the highest numbers or step.</summary>
/// <remarks>Read by its constructor: a struct would else take a number that is left out for 0.</remarks>
[method: JsonConstructor]
public readonly record struct CommitRef(int Epoch, int Commit)
{
    /// <summary>Whether it lies after another commit <em>of the same chain</em>: there, and only there, epochs and then slots are in order.</summary>
    public bool IsAfter(CommitRef other) => Epoch > other.Epoch || (Epoch == other.Epoch && Commit > other.Commit);

    /// <summary>As people and provenance lines write it: <c>e2/7</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"e{Epoch}/{Commit}");
}
