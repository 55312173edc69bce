using Failover.Domain.Members;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Silo.Api;

/// <summary>A member's state as operators see it.</summary>
internal static class MemberViews
{
    public static Member Whole(MemberState member)
    {
        var target = MemberMachine.IsTarget(member);
        var view = new Member
        {
            Name = member.Name,
            Region = member.Region,
            Verdict = member.Verdict.ToString(),
            Since = member.VerdictSince.ToTimestamp(),
            Detail = member.VerdictDetail,
            Clean = member.Clean,
            Cordoned = member.Cordoned,
            ConfirmedLostBy = member.ConfirmedLostBy ?? "",
            IsTarget = target.IsTarget,
            TargetDetail = target.Reason,
        };
        view.Evidence.AddRange(member.Evidence.Select(item => new Protocol.V1.Evidence
        {
            Witness = item.Witness,
            Site = item.Site,
            Answer = item.Answer.ToString(),
            Age = item.For.ToDuration(),
            Detail = item.Detail,
            At = item.At.ToTimestamp(),
        }));
        view.Pools.AddRange((member.Capacity?.Pools ?? []).Select(pool => new Pool
        {
            Sku = pool.Sku,
            GpusTotal = pool.Gpus,
            GpusFree = pool.NodesByFreeGpus.Index().Sum(nodes => nodes.Index * nodes.Item),
        }));
        view.Reservations.AddRange(member.Reservations.Select(held => new Reservation
        {
            RunUid = held.RunUid,
            Epoch = held.Epoch,
            Sku = held.Sku,
            Gpus = held.Gpus,
            At = held.At.ToTimestamp(),
        }));
        view.StaleWorkloads.AddRange(member.StaleWorkloads);
        return view;
    }
}
