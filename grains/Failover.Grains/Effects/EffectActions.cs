using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Grains.Effects;

/// <summary>What each effect does outside, and the event that it comes back as. Each is idempotent.</summary>
internal sealed class EffectActions(
    ICheckpointStores stores,
    IGrainFactory grains,
    LineageSurveyor surveyor,
    CommitStager stager,
    EpochSealer sealer,
    WorkloadActions workloads,
    TimeProvider time)
{
    public async Task<RunEvent> PerformAsync(RunState run, RunEffect effect, CancellationToken cancellationToken)
    {
        switch (effect)
        {
            case RunEffect.Reserve reserve:
                return await ReserveAsync(run, reserve);
            case RunEffect.Survey survey:
                return new RunEvent.Surveyed(time.GetUtcNow(), survey.Id, await surveyor.SurveyAsync(run, cancellationToken));
            case RunEffect.Stage stage:
                return await stager.StageAsync(run, stage, cancellationToken);
            case RunEffect.Seal seal:
                return await SealAsync(run, seal, cancellationToken);
            case RunEffect.Pin pin:
                return await PinAsync(run, pin, cancellationToken);
            case RunEffect.Launch launch:
                return await workloads.LaunchAsync(run, launch, cancellationToken);
            case RunEffect.Quiesce quiesce:
                return await workloads.QuiesceAsync(run, quiesce, cancellationToken);
            case RunEffect.Unpin unpin:
                await stores.Get(unpin.Store).UnpinAsync(Root(run), unpin.ForEpoch, cancellationToken);
                return new RunEvent.Unpinned(time.GetUtcNow(), unpin.Id);
            default:
                throw new InvalidOperationException($"RunEffect is a closed set; {effect.GetType().Name} is not in it.");
        }
    }

    internal static RunRoot Root(RunState run) => new(run.Spec.Tenant, run.Uid);

    private async Task<RunEvent> ReserveAsync(RunState run, RunEffect.Reserve reserve)
    {
        var gang = run.Spec.Gang;
        var wanted = new GpuReservation(
            run.Uid, reserve.Epoch, reserve.Id, reserve.Target.Sku, gang.Workers, gang.GpusPerWorker, time.GetUtcNow())
        { Move = run.Moves };
        var answer = await grains.GetGrain<IMemberGrain>(reserve.Target.Member).ReserveAsync(wanted);
        return new RunEvent.Reservation(time.GetUtcNow(), reserve.Id, answer.Granted, answer.Detail);
    }

    private async Task<RunEvent> SealAsync(RunState run, RunEffect.Seal seal, CancellationToken cancellationToken)
    {
        var reached = true;
        try
        {
            await sealer.SealAsync(Root(run), seal.Epoch, seal.Store, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            reached = false;
        }
        // Surveyed only after the seal: what is newest now stays newest.
        var survey = seal.Owed ? null : await surveyor.SurveyAsync(run, cancellationToken);
        return new RunEvent.Sealed(time.GetUtcNow(), seal.Id, seal.Epoch, seal.Store, reached, survey);
    }

    private async Task<RunEvent> PinAsync(RunState run, RunEffect.Pin pin, CancellationToken cancellationToken)
    {
        var store = stores.Get(pin.Store);
        var document = await LineageSurveyor.ReadCommitAsync(store, Root(run), pin.Commit, cancellationToken);
        var complete = document is not null && await store.PinAsync(Root(run), pin.ForEpoch, pin.Commit, document, cancellationToken);
        return new RunEvent.Pinned(time.GetUtcNow(), pin.Id, complete);
    }
}
