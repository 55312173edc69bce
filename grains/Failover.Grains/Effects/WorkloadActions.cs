using System.Collections.Immutable;
using System.Globalization;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Grains.Observers;

namespace Failover.Grains.Effects;

/// <summary>Creates, stops and sweeps workloads on members.</summary>
internal sealed class WorkloadActions(FleetBook fleets, IMemberClients members, SightingBoard sightings, TimeProvider time)
{
    public async Task<RunEvent> LaunchAsync(RunState run, RunEffect.Launch launch, CancellationToken cancellationToken)
    {
        var member = launch.Epoch.Target.Member;
        if (await ClearPredecessorAsync(run, member, cancellationToken) is { } obstacle)
            return new RunEvent.EffectFailed(time.GetUtcNow(), launch.Id, obstacle);
        var result = await members.Get(member).LaunchAsync(Request(run, launch.Epoch), cancellationToken);
        return result.Outcome switch
        {
            CallOutcome.Done => new RunEvent.Launched(time.GetUtcNow(), launch.Id),
            CallOutcome.Invalid => new RunEvent.Launched(time.GetUtcNow(), launch.Id, result.Detail),
            _ => new RunEvent.EffectFailed(time.GetUtcNow(), launch.Id, result.Detail),
        };
    }

    /// <summary>
    /// An earlier epoch of the run on the same member goes first, pods and all (I9): it is sealed by now, and two of them would share nodes. Null once there is none.
    /// </summary>
    private async Task<string?> ClearPredecessorAsync(RunState run, string member, CancellationToken cancellationToken)
    {
        if (sightings.Latest(member) is not { } sight)
            return run.Past.Any(past => past.Target.Member == member) ? $"{member} was not seen since its earlier epoch ran there" : null;
        foreach (var old in sight.Workloads.Where(seen => seen.RunUid == run.Uid && seen.Epoch < run.EpochNumber))
        {
            if (old.Phase != WorkloadPhase.Terminating)
                await members.Get(member).DeleteAsync(old, cancellationToken);
            return $"epoch {old.Epoch} is still being removed from {member}";
        }
        // Pods on dead nodes can't be removed, and share no node with the new ones: their epoch is sealed, and their GPUs count as used.
        return sight.Capacity.Workloads.Any(use => use.RunUid == run.Uid && use.Epoch < run.EpochNumber && use.Gpus > use.DeadGpus) ? $"pods of an earlier epoch still run on {member}" : null;
    }

    /// <summary>
    /// Deleting with grace is how a workload is asked to commit and stop. Its object may be gone at once, while its pods have their grace: it has stopped once those that can
    /// be gone are.
    /// </summary>
    public async Task<RunEvent> QuiesceAsync(RunState run, RunEffect.Quiesce quiesce, CancellationToken cancellationToken)
    {
        if (sightings.Latest(quiesce.Member) is not { } sight)
            return new RunEvent.EffectFailed(time.GetUtcNow(), quiesce.Id, $"{quiesce.Member} was not seen yet");
        var workload = sight.Workloads.FirstOrDefault(seen => seen.RunUid == run.Uid && seen.Epoch == quiesce.Epoch);
        if (workload is null && sight.Capacity.Workloads.Any(use => use.RunUid == run.Uid && use.Epoch == quiesce.Epoch && use.Gpus > use.DeadGpus))
            return new RunEvent.Stopping(time.GetUtcNow(), quiesce.Id, "its pods are stopping");
        if (workload is null || workload.Phase is WorkloadPhase.Succeeded or WorkloadPhase.Failed)
            return new RunEvent.Quiesced(time.GetUtcNow(), quiesce.Id);
        var result = await members.Get(quiesce.Member).DeleteAsync(workload, cancellationToken);
        return result.Outcome == CallOutcome.Done
            ? new RunEvent.Stopping(time.GetUtcNow(), quiesce.Id, "it is stopping")
            : new RunEvent.EffectFailed(time.GetUtcNow(), quiesce.Id, result.Detail);
    }

    public Task<CallResult> DeleteAsync(string member, SeenWorkload workload, CancellationToken cancellationToken) =>
        members.Get(member).DeleteAsync(workload, cancellationToken);

    /// <summary>Whether the member would take the run's workload: tried there as a dry run, for the run's first GPU type that the fleet has.</summary>
    public async Task<CallResult> PreflightAsync(string member, RunState run, CancellationToken cancellationToken)
    {
        var fleet = fleets.Current;
        var tenant = fleet.FindTenant(run.Spec.Tenant);
        var sku = run.Spec.Skus.Select(name => fleet.Skus.FirstOrDefault(known => known.Name == name)).FirstOrDefault(known => known is not null);
        if (tenant is null || sku is null || fleet.FindMember(member) is null)
            return new CallResult(CallOutcome.Unknown, "the fleet no longer has what it takes to ask");
        var request = Request(run, fleet, tenant, sku, run.EpochNumber + 1, "preflight", ImmutableDictionary<string, string>.Empty);
        return await members.Get(member).PreflightAsync(request, cancellationToken);
    }

    private LaunchRequest Request(RunState run, EpochState epoch)
    {
        var fleet = fleets.Current;
        var tenant = fleet.Tenants.First(known => known.Name == run.Spec.Tenant);
        var sku = fleet.Skus.First(known => known.Name == epoch.Target.Sku);
        return Request(run, fleet, tenant, sku, epoch.Number, epoch.LaunchId, EnvironmentOf(run, epoch, fleet));
    }

    private static LaunchRequest Request(
        RunState run, FleetSpec fleet, TenantSpec tenant, SkuSpec sku, int epoch, string launchId, ImmutableDictionary<string, string> environment) => new()
        {
            Installation = fleet.Installation,
            RunUid = run.Uid,
            Spec = run.Spec,
            Epoch = epoch,
            LaunchId = launchId,
            Namespace = tenant.Namespace,
            ServiceAccount = tenant.ServiceAccount,
            NodeSelector = new KeyValuePair<string, string>(sku.NodeLabel, sku.NodeLabelValue),
            Environment = environment,
        };

    private static ImmutableDictionary<string, string> EnvironmentOf(RunState run, EpochState epoch, FleetSpec fleet)
    {
        var store = fleet.FindStore(epoch.Target.Store)!;
        var environment = ImmutableDictionary.CreateBuilder<string, string>();
        environment["FAILOVER_RUN"] = run.Spec.Name;
        environment["FAILOVER_UID"] = run.Uid;
        environment["FAILOVER_EPOCH"] = epoch.Number.ToString(CultureInfo.InvariantCulture);
        environment["FAILOVER_CHECKPOINT_URI"] = StoreLayout.CheckpointUri(store.Uri, run.Spec.Tenant, run.Uid, epoch.Number);
        if (epoch.ResumeFrom is { } resume)
            environment["FAILOVER_RESUME_URI"] = StoreLayout.ResumeUri(store.Uri, run.Spec.Tenant, run.Uid, epoch.Number, resume);
        if (HeartbeatStore.For(epoch.Target.Member, fleet) is { } heartbeats)
        {
            environment["FAILOVER_HEARTBEAT_URI"] = StoreLayout.HeartbeatUri(heartbeats.Uri, epoch.Target.Member, run.Uid);
            environment["FAILOVER_HEARTBEAT_SECONDS"] = run.Spec.Progress.HeartbeatInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }
        return environment.ToImmutable();
    }
}
