using Failover.Abstractions.Grains;
using Failover.Domain.Health;

namespace Failover.Chaos.Mutants;

/// <summary>Has the brake told of a fleet so large that nothing is much of it, all of which can be reached: so it never holds.</summary>
internal sealed class UnbrakedCalls : IIncomingGrainCallFilter
{
    private const int Endless = 1_000_000_000;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is IBrakeGrain && context.Request.GetArgumentCount() > 0 && context.Request.GetArgument(0) is BrakeEvent.Requested asked)
            context.Request.SetArgument(0, asked with { Fleet = new FleetTotals([new RegionUse("everywhere", Endless, Endless)], asked.Fleet.Members, 0) });
        return context.Invoke();
    }
}
