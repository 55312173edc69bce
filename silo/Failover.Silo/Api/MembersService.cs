using Failover.Abstractions.Grains;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>Members, for operators.</summary>
internal sealed class MembersService(IGrainFactory grains, FleetSpec fleet, TimeProvider time) : Protocol.V1.Members.MembersBase
{
    public override async Task<ListMembersReply> List(ListMembersRequest request, ServerCallContext context)
    {
        if (request.Region.Length > 0 && fleet.Regions.All(region => region.Name != request.Region))
            throw NotFound("region", request.Region, fleet.Regions.Select(region => region.Name));
        var members = fleet.Members.Where(member => request.Region.Length == 0 || member.Region == request.Region);
        var reply = new ListMembersReply();
        reply.Members.AddRange((await Task.WhenAll(members.Select(member => Grain(member.Name).GetAsync()))).Select(MemberViews.Whole));
        return reply;
    }

    public override async Task<Member> Show(MemberRef request, ServerCallContext context) => MemberViews.Whole(await Grain(Known(request.Name)).GetAsync());

    public override async Task<Member> ConfirmLost(MemberCommand request, ServerCallContext context) =>
        MemberViews.Whole(await Grain(Known(request.Name)).ApplyAsync(new MemberEvent.ConfirmedLost(time.GetUtcNow(), Operator.Of(request.By))));

    public override async Task<Member> Trust(MemberCommand request, ServerCallContext context) =>
        MemberViews.Whole(await Grain(Known(request.Name)).ApplyAsync(new MemberEvent.Trusted(time.GetUtcNow(), Operator.Of(request.By))));

    private static RpcException NotFound(string what, string name, IEnumerable<string> known) =>
        new(new Status(StatusCode.NotFound, $"The fleet has no {what} {name}; it has {string.Join(", ", known)}."));

    private IMemberGrain Grain(string name) => grains.GetGrain<IMemberGrain>(name);

    private string Known(string name) =>
        fleet.FindMember(name) is not null ? name : throw NotFound("member", name, fleet.Members.Select(member => member.Name));
}
