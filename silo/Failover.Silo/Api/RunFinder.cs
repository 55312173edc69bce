using Failover.Abstractions.Ports;
using Failover.Abstractions.Grains;
using Failover.Domain.Migration;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>Finds the run that a request means.</summary>
internal sealed class RunFinder(IRunDirectory directory, FleetBook fleets)
{
    /// <summary>The run; throws NOT_FOUND, or INVALID_ARGUMENT where the request does not say which.</summary>
    public async Task<RunState> FindAsync(RunRef? reference, CancellationToken cancellationToken)
    {
        if (reference is null || reference.NameOrUid.Length == 0)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "Name the run, or give its uid."));
        var only = fleets.Current.Tenants is [var single] ? single.Name : null;
        var tenant = reference.Tenant.Length > 0 ? reference.Tenant : only;
        var run = await directory.FindAsync(tenant, reference.NameOrUid, cancellationToken);
        if (run is not null && (reference.Tenant.Length == 0 || run.Spec.Tenant == reference.Tenant))
            return run;
        throw tenant is null
            ? new RpcException(new Status(StatusCode.InvalidArgument, $"There are several tenants: {string.Join(", ", fleets.Current.Tenants.Select(item => item.Name))}. Name one, or give the run's uid."))
            : new RpcException(new Status(StatusCode.NotFound, $"There is no run {reference.NameOrUid} of tenant {tenant}. 'failover run list --all' shows all that there are."));
    }
}
