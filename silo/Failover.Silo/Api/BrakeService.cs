using Failover.Abstractions.Grains;
using Failover.Domain.Health;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>The brake, for operators.</summary>
internal sealed class BrakeService(IGrainFactory grains, TimeProvider time) : Brake.BrakeBase
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

    private static BrakeView View(BrakeState brake)
    {
        var view = new BrakeView
        {
            Held = brake.HeldBecause is not null,
            HeldBecause = brake.HeldBecause ?? "",
            HeldSince = brake.HeldSince?.ToTimestamp(),
            ReleasedBy = brake.Release?.By ?? "",
            ReleasedAt = brake.Release?.At.ToTimestamp(),
        };
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
