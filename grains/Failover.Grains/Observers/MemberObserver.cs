using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Grains.Observers;

/// <summary>What one member's watch tells: the picture to the sweeper, capacity and the state of its nodes to the member.</summary>
internal sealed class MemberObserver(
    string member, string site, SightingBoard sightings, IGrainFactory grains, HealthPolicy policy, TimeProvider time, Action<string> failed) : IMemberObserver
{
    private readonly long _start = time.GetTimestamp();
    private readonly Lock _lock = new();
    private LeaseWitnessState _leases = new();
    private CapacitySnapshot? _told;
    private SightLoss? _lost;

    private IMemberGrain Grain => grains.GetGrain<IMemberGrain>(member);

    public async Task ObserveAsync(MemberObservation observation)
    {
        sightings.Post(member, observation);
        _lost = null;
        await TellAsync(observation);
    }

    /// <summary>Throws where the member can't be told: the watch tells it again at its next tick.</summary>
    public async Task LostSightAsync(SightLoss loss)
    {
        sightings.Forget(member);
        (_told, _lost) = (null, loss);
        await TellLostAsync(loss);
    }

    /// <summary>
    /// Tells all of it again, changed or not: an unchanged picture is evidence too, as long as the watch stands; and a message that got lost, or that another overtook, is
    /// mended within <see cref="HealthPolicy.Refresh"/>, whichever of the two it was.
    /// </summary>
    public Task RefreshAsync()
    {
        _told = null;
        return sightings.Latest(member) is { } sight ? TellAsync(sight)
            : _lost is { } loss ? GuardAsync(() => TellLostAsync(loss))
            : Task.CompletedTask;
    }

    private Task<MemberState> TellLostAsync(SightLoss loss) =>
        Grain.ApplyAsync(new MemberEvent.LostSight(time.GetUtcNow(), loss.Detail) { Trouble = loss.Trouble });

    private Task TellAsync(MemberObservation observation) => GuardAsync(async () =>
    {
        if (Judge(observation) is { } report)
            await Grain.ApplyAsync(new MemberEvent.LeasesReported(time.GetUtcNow(), site, report));
        if (_told?.Version == observation.Capacity.Version)
            return;
        await Grain.ApplyAsync(new MemberEvent.Observed(time.GetUtcNow(), observation.Capacity));
        _told = observation.Capacity;
    });

    private LeaseReport? Judge(MemberObservation observation)
    {
        lock (_lock)
        {
            var step = LeaseWitness.Next(
                _leases, observation.Nodes, observation.NodesReady, observation.LeasesRenewed, time.GetElapsedTime(_start), policy);
            _leases = step.State;
            return step.Report;
        }
    }

    /// <summary>What can't be told now is told at the next change or refresh; the watch goes on.</summary>
    private async Task GuardAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception failure) when (Periodically.IsPassing(failure))
        {
            failed(failure.Message);
        }
    }
}
