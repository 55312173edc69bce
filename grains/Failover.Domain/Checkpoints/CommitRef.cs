using System.Globalization;

namespace Failover.Domain.Checkpoints;

/// <summary>Names one commit of a run: slot <paramref name="Commit"/> (dense from 0) of epoch <paramref name="Epoch"/> (from 1). It says nothing of order:
/// the newest commit is the last of the chain, never the one with the highest numbers or step.</summary>
public readonly record struct CommitRef(int Epoch, int Commit)
{
    /// <summary>As people and provenance lines write it: <c>e2/7</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"e{Epoch}/{Commit}");
}
