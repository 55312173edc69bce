using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Abstractions.Grains;

/// <summary>
/// Which run has which name. Names are unique among a tenant's live runs; uids are never reused. All methods throw
/// <see cref="State.TableUnavailableException"/> where the store does not answer, or nobody knows what it did: ask again, with the same request id.
/// </summary>
public interface IRunDirectory
{
    /// <summary>
    /// Makes a run of the spec, or answers the one that this <paramref name="requestId"/> made before, or the live one that has the name. The claim on the
    /// name, with the spec in it, is stored first; a submission that broke off after it is carried through by the next that meets it.
    /// </summary>
    Task<RunSubmission> SubmitAsync(RunSpec spec, string requestId, CancellationToken cancellationToken);

    /// <summary>The run with that uid or else, within the tenant, the latest with that name; <see langword="null"/> where there is none.</summary>
    Task<RunState?> FindAsync(string? tenant, string nameOrUid, CancellationToken cancellationToken);

    /// <summary>All runs, tombstones included, in the order of their uids, which is that of their submission.</summary>
    Task<ImmutableArray<RunState>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>The run that has the name now. <paramref name="IsOurs"/>: this request made it; else it stands in the way.</summary>
public sealed record RunSubmission(RunState Run, bool IsOurs);
