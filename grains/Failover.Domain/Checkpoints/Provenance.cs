using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Failover.Domain.Checkpoints;

/// <summary>The digest that binds a commit to its whole history, as docs/trainer-contract.md defines it.</summary>
public static class Provenance
{
    /// <summary>64 lower-case hex digits. <paramref name="parent"/> is the parent commit's provenance; null for a run's first commit.</summary>
    public static string Compute(string uid, string? parent, int epoch, int attempt, string nonce, CommitRef? resumedFrom, long step)
    {
        string[] lines =
            ["failover-provenance/1", uid, parent ?? "-", $"{epoch}", $"{attempt}", nonce, resumedFrom is { } from ? from.ToString() : "-", $"{step}"];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")))));
    }

    /// <summary>Whether a commit's provenance is the one that its parent's and its own members give.</summary>
    public static bool Holds(Commit commit, string? parent) =>
        commit.Provenance == Compute(commit.RunUid, parent, commit.Epoch, commit.Attempt, commit.Nonce, commit.ResumedFrom, commit.Step);

    /// <summary>
    /// The commits of a chain, or of the end of one, whose provenance is not what their history gives; empty where all is well. A first link whose parent is not listed is taken
    /// at its word.
    /// </summary>
    public static ImmutableArray<CommitRef> Broken(ImmutableArray<ChainLink> commits)
    {
        return
        [
            .. commits
                .Where((link, i) => i > 0 ? !Holds(link.Commit, commits[i - 1].Commit.Provenance) : link.Commit.Parent is null && !Holds(link.Commit, null))
                .Select(link => link.Ref),
        ];
    }
}
