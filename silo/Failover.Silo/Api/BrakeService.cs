using Failover.Abstractions.Grains;
using Failover.Domain.Health;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>The brake, for operators.</summary>
internal sealed class BrakeService(IGrainFactory grains, BrakePolicy policy, TimeProvider time) : Brake.BrakeBase
{
    public override async Task<BrakeView> Show(ShowBrakeRequest request, ServerCallContext context) => View(await Grain.GetAsync());

    public override async Task<BrakeView> Release(ReleaseBrakeRequest request, ServerCallContext context)
    {
        // Released while it does not hold, it would let the next mass failure pass unseen.
        if ((await Grain.GetAsync()).HeldBecause is null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "The brake is not holding anything; there is nothing to release."));
        await Grain.ApplyAsync(new BrakeEvent.Released(time.GetUtcNow(), Operator.Of(request.By)));
        return View(await Grain.GetAsync());
    }

    private IBrakeGrain Grain => grains.GetGrain<IBrakeGrain>(IBrakeGrain.Key);

    private BrakeView View(BrakeState stored)
    {
        // What is charged is so as of now, though the row has not been written since.
        var brake = BrakeMachine.Next(stored, new BrakeEvent.Tick(time.GetUtcNow()), policy).State;
        var charged = BrakeMachine.Charged(brake, policy);
        var view = new BrakeView
        {
            Held = brake.HeldBecause is not null,
            HeldBecause = brake.HeldBecause ?? "",
            HeldSince = brake.HeldSince?.ToTimestamp(),
            ReleasedBy = brake.Release?.By ?? "",
            ReleasedAt = brake.Release?.At.ToTimestamp(),
            GpusCharged = charged.Sum(permit => permit.Gpus),
            RunsCharged = charged.Length,
            Window = policy.Window.ToDuration(),
            GpuShareMax = policy.ShareMax,
            RunShareMax = policy.RunShareMax,
        };
        view.RegionsCharged.AddRange(charged.Select(permit => permit.Region).Distinct().Order(StringComparer.Ordinal));
        view.Permits.AddRange(brake.Permits.Select(permit => new Protocol.V1.Permit
        {
            RunUid = permit.RunUid,
            Epoch = permit.Epoch,
            Region = permit.Region,
            Gpus = permit.Gpus,
            At = permit.At.ToTimestamp(),
            Charged = permit.Charged,
        }));
        return view;
    }
}
