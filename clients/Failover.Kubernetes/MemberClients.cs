using System.Collections.Frozen;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Launching;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Kubernetes;

/// <summary>The clients of the fleet file's members. A client reads its kubeconfig at its first call.</summary>
public sealed class MemberClients : IMemberClients, IDisposable
{
    private readonly FrozenDictionary<string, MemberClient> clients;

    /// <summary>Makes a client for each member.</summary>
    public MemberClients(FleetSpec fleet, IEnumerable<IWorkloadKind> kinds, IOptions<KubernetesOptions> options, TimeProvider time, ILogger<MemberClients> logger)
    {
        IReadOnlyList<IWorkloadKind> known = [.. kinds];
        clients = fleet.Members.ToFrozenDictionary(
            member => member.Name, member => new MemberClient(member, fleet, known, options.Value, time, logger), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IMemberClient Get(string member) =>
        clients.GetValueOrDefault(member) ?? throw new ArgumentException($"The fleet file lists no member '{member}'.", nameof(member));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }
}
