using Failover.Abstractions.Ports;
using Failover.Abstractions.Grains;
using Failover.Domain.Members;
using Failover.Domain.Planning;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>Members, for operators.</summary>
internal sealed class MembersService(IGrainFactory grains, FleetBook fleets, PlanningPolicy policy, TimeProvider time) : Protocol.V1.Members.MembersBase
{
    public override async Task<ListMembersReply> List(ListMembersRequest request, ServerCallContext context)
    {
        if (request.Region.Length > 0 && fleets.Current.Regions.All(region => region.Name != request.Region))
            throw NotFound("region", request.Region, fleets.Current.Regions.Select(region => region.Name));
        var members = fleets.Current.Members.Where(member => request.Region.Length == 0 || member.Region == request.Region);
        var reply = new ListMembersReply();
        reply.Members.AddRange((await Task.WhenAll(members.Select(member => Grain(member.Name).GetAsync()))).Select(member => MemberViews.Whole(member, policy)));
        return reply;
    }

    public override async Task<Member> Show(MemberRef request, ServerCallContext context) =>
        MemberViews.Whole(await Grain(Known(request.Name)).GetAsync(), policy);

    public override Task<Member> ConfirmLost(MemberCommand request, ServerCallContext context) => ApplyAsync(request, (at, by) => new MemberEvent.ConfirmedLost(at, by));

    public override Task<Member> Trust(MemberCommand request, ServerCallContext context) => ApplyAsync(request, (at, by) => new MemberEvent.Trusted(at, by));

    public override Task<Member> Cordon(MemberCommand request, ServerCallContext context) => ApplyAsync(request, (at, by) => new MemberEvent.Cordoned(at, by));

    public override Task<Member> Uncordon(MemberCommand request, ServerCallContext context) => ApplyAsync(request, (at, by) => new MemberEvent.Uncordoned(at, by));

    private async Task<Member> ApplyAsync(MemberCommand request, Func<DateTimeOffset, string, MemberEvent> make) =>
        MemberViews.Whole(await Grain(Known(request.Name)).ApplyAsync(make(time.GetUtcNow(), Operator.Of(request.By))), policy);

    private static RpcException NotFound(string what, string name, IEnumerable<string> known) =>
        new(new Status(StatusCode.NotFound, $"The fleet has no {what} {name}; it has {string.Join(", ", known)}."));

    private IMemberGrain Grain(string name) => grains.GetGrain<IMemberGrain>(name);

    private string Known(string name) =>
        fleets.Current.FindMember(name) is not null ? name : throw NotFound("member", name, fleets.Current.Members.Select(member => member.Name));
}
