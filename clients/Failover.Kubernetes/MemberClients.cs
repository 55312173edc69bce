using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Launching;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Kubernetes;

/// <summary>The clients of the fleet's members. A client is made when it is first asked for, and reads its kubeconfig at its first call.</summary>
public sealed class MemberClients(FleetBook fleets, IEnumerable<IWorkloadKind> kinds, IOptions<KubernetesOptions> options, TimeProvider time, ILogger<MemberClients> logger)
    : IMemberClients, IDisposable
{
    private readonly IReadOnlyList<IWorkloadKind> known = [.. kinds];
    private readonly Dictionary<string, (MemberSpec Spec, MemberClient Client)> clients = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    // Read now, so that what is out of range is refused at once.
    private readonly KubernetesOptions settings = options.Value;

    /// <inheritdoc/>
    public IMemberClient Get(string member)
    {
        var fleet = fleets.Current;
        var spec = fleet.FindMember(member) ?? throw new ArgumentException($"The fleet file lists no member '{member}'.", nameof(member));
        lock (gate)
        {
            ForgetThoseGone(fleet);
            if (!clients.TryGetValue(member, out var there))
            {
                clients[member] = there = (spec.Reached, new MemberClient(spec, fleets, known, settings, time, logger));
            }

            return there.Client;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var (_, client) in clients.Values)
            {
                client.Dispose();
            }

            clients.Clear();
        }
    }

    /// <summary>Of members that left the fleet, or are to be reached otherwise by now. Calls that are under way there end, as on a connection that breaks.</summary>
    private void ForgetThoseGone(FleetSpec fleet)
    {
        foreach (var (name, (spec, client)) in clients.Where(entry => fleet.FindMember(entry.Key)?.Reached != entry.Value.Spec).ToList())
        {
            clients.Remove(name);
            client.Dispose();
        }
    }
}
