using System.Security.Cryptography;
using System.Text;
using Failover.Simulator.Stores;

namespace Failover.Simulator.Trainers;

/// <summary>The digest that binds a commit to its whole history, as docs/trainer-contract.md defines it.</summary>
public static class Provenance
{
    /// <summary>Lower-case hex SHA-256; <paramref name="parent"/> is the parent commit's provenance, null for a run's first commit.</summary>
    public static string Compute(string uid, string? parent, int epoch, int attempt, string nonce, CommitRef? resumedFrom, long step)
    {
        string[] lines =
            ["failover-provenance/1", uid, parent ?? "-", $"{epoch}", $"{attempt}", nonce, resumedFrom?.ToString() ?? "-", $"{step}"];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + '\n')))));
    }
}
