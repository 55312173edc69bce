using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Migration;
using Failover.Domain.Runs;
using Failover.Grains.State;

namespace Failover.Grains.Runs;

/// <summary>Names over the conditional table: partition <c>run-names/{tenant}</c>, row = name.</summary>
internal sealed class RunDirectory(IConditionalTable table, IGrainFactory grains, StateReader reader, TimeProvider time) : IRunDirectory
{
    // Each round that is lost was won by another submission of the same name; so many at once is no accident, and the caller may try again.
    private const int RoundsMax = 8;

    public async Task<RunSubmission> SubmitAsync(RunSpec spec, string requestId, CancellationToken cancellationToken)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var row = await table.ReadAsync(PartitionOf(spec.Tenant), spec.Name, cancellationToken);
            if (row is not null)
            {
                var standing = await CarryThroughAsync(StateJson.Read<RunClaim>(row.Payload));
                if (standing.IsOurs || !standing.Run.IsTombstone)
                    return standing;
            }
            var claim = new RunClaim { Uid = RunUids.New(time.GetUtcNow()), RequestId = requestId, Spec = spec };
            if (await WriteAsync(claim, row?.ETag, cancellationToken))
                return await CarryThroughAsync(claim);
        }
        throw new TableUnavailableException($"The name {spec.Name} was claimed by others {RoundsMax} times while we tried.");

        // The claim is the stored intent (I3): whoever meets one makes its run, which is harmless where it is made already.
        async Task<RunSubmission> CarryThroughAsync(RunClaim claim) =>
            new(await grains.GetGrain<IRunGrain>(claim.Uid).SubmitAsync(claim.Spec), claim.RequestId == requestId);
    }

    public async Task<RunState?> FindAsync(string? tenant, string nameOrUid, CancellationToken cancellationToken)
    {
        if (RunUids.IsUid(nameOrUid) && await reader.ReadRunAsync(nameOrUid, cancellationToken) is { } run)
            return run;
        if (tenant is null || await table.ReadAsync(PartitionOf(tenant), nameOrUid, cancellationToken) is not { } row)
            return null;
        return await reader.ReadRunAsync(StateJson.Read<RunClaim>(row.Payload).Uid, cancellationToken);
    }

    public Task<ImmutableArray<RunState>> ListAsync(CancellationToken cancellationToken) => reader.ReadRunsAsync(cancellationToken);

    private static string PartitionOf(string tenant) => $"run-names/{tenant}";

    private async Task<bool> WriteAsync(RunClaim claim, string? replaced, CancellationToken cancellationToken)
    {
        var payload = StateJson.Write(claim);
        TableWrite write = replaced is null
            ? new TableWrite.Insert(claim.Spec.Name, payload)
            : new TableWrite.Replace(claim.Spec.Name, payload, replaced);
        var result = await table.WriteAsync(PartitionOf(claim.Spec.Tenant), [write], cancellationToken);
        return result.Outcome switch
        {
            WriteOutcome.Written => true,
            WriteOutcome.Conflict => false,
            _ => throw new TableUnavailableException($"Nobody knows whether the name {claim.Spec.Name} is claimed now."),
        };
    }
}

/// <summary>A name's row: who has it, and what was asked for, so that anybody can carry a submission through that broke off.</summary>
internal sealed record RunClaim : IStoredRecord
{
    public string Kind { get; init; } = "run-name";

    public int SchemaVersion { get; init; } = 1;

    public required string Uid { get; init; }

    public required string RequestId { get; init; }

    public required RunSpec Spec { get; init; }
}
