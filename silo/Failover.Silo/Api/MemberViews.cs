using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Planning;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Silo.Api;

/// <summary>A member's state as operators see it.</summary>
internal static class MemberViews
{
    public static Member Whole(MemberState member, PlanningPolicy policy)
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
            CordonedBy = member.CordonedBy ?? "",
            ConfirmedLostBy = member.ConfirmedLostBy ?? "",
            IsTarget = target.IsTarget,
            TargetDetail = target.Reason,
        };
        if (MemberTrouble.Of(member) is { } trouble)
            (view.Trouble, view.TroubleDetail, view.Advice) = (trouble.Trouble.ToString(), trouble.Detail, trouble.Advice);
        Decided(view, member);
        view.Now = member.Now.ToTimestamp();
        view.RampShare = RampUp.Share(member, member.Now, policy);
        view.NodeProblems.AddRange(member.Capacity?.Problems ?? []);
        view.Signs.AddRange(member.BrokenGangs.Select(gang =>
            new RunSign { RunUid = gang.RunUid, Epoch = gang.Epoch, Detail = $"{gang.DeadPods} of its pods are on dead nodes since {gang.Since:HH:mm:ss}Z" }));
        view.Signs.AddRange(member.Stalled.Select(run => new RunSign { RunUid = run.RunUid, Epoch = run.Epoch, Detail = "its step does not rise" }));
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

    /// <summary>The verdict's detail begins with the row that decided; a verdict of before the first has none.</summary>
    private static void Decided(Member view, MemberState member)
    {
        if (VerdictTable.Find(member.VerdictDetail.Split(':')[0]) is not { } row)
            return;
        (view.Row, view.RowConditions, view.RowReason, view.RowAdvice) = (row.Name, row.Conditions, row.Reason, row.Advice);
    }
}
