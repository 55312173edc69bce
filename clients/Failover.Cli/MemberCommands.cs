using System.CommandLine;
using System.Globalization;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Cli;

/// <summary><c>failover member ...</c></summary>
internal static class MemberCommands
{
    public static Command Make(GlobalOptions options) => new("member", "Member clusters: what is known of them, and an operator's word on them.")
    {
        List(options),
        OfMember(options, "show", "Shows a member: its verdict, the evidence for it, its GPUs.", (session, name) =>
            PrintAsync(session, session.Members.ShowAsync(new MemberRef { Name = name }, session.Call))),
        OfMember(options, "confirm-lost", "Says that a member is lost: its runs are moved. Asks first.", (session, name) =>
        {
            session.Confirm($"Is member {name} lost? Its runs will be moved elsewhere.");
            return PrintAsync(session, session.Members.ConfirmLostAsync(new MemberCommand { Name = name, By = session.By }, session.Call));
        }),
        OfMember(options, "trust", "Takes confirm-lost back; a member that returns need not prove itself first, but is still swept.", (session, name) =>
            PrintAsync(session, session.Members.TrustAsync(new MemberCommand { Name = name, By = session.By }, session.Call))),
        OfMember(options, "cordon", "Allows no new work on a member; what runs there runs on.", (session, name) =>
            PrintAsync(session, session.Members.CordonAsync(new MemberCommand { Name = name, By = session.By }, session.Call))),
        OfMember(options, "uncordon", "Allows new work on a member again.", (session, name) =>
            PrintAsync(session, session.Members.UncordonAsync(new MemberCommand { Name = name, By = session.By }, session.Call))),
    };

    private static Command List(GlobalOptions options)
    {
        var region = new Option<string?>("--region") { Description = "Only this region's.", HelpName = "name" };
        var command = new Command("list", "Lists members.") { region };
        command.SetAction(options.Action(async session =>
        {
            var reply = await session.Members.ListAsync(new ListMembersRequest { Region = session.Parsed.GetValue(region) ?? "" }, session.Call);
            if (session.IsJson)
                await session.Surroundings.Out.WriteLineAsync(MessageJson.Write(reply.Members));
            else
                ShowList(session.Page, reply.Members);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command OfMember(GlobalOptions options, string name, string description, Func<Session, string, Task<int>> action)
    {
        var member = new Argument<string>("member") { Description = "Its name in the fleet file." };
        var command = new Command(name, description) { member };
        command.SetAction(options.Action(session => action(session, session.Parsed.GetValue(member)!)));
        return command;
    }

    private static async Task<int> PrintAsync(Session session, AsyncUnaryCall<Member> call)
    {
        using (call)
        {
            var member = await call;
            return session.Print(member, page => Show(page, member));
        }
    }

    private static void ShowList(Page page, IReadOnlyCollection<Member> members)
    {
        page.Table(
            null,
            ["NAME", "REGION", "VERDICT", "TROUBLE", "FOR", "GPUS FREE", "NEW WORK"],
            members.Select(member => (string[])
            [
                member.Name, member.Region, member.Verdict, Printable.OrDash(member.Trouble), Printable.Age(member.Since, page.Time),
                string.Join(", ", member.Pools.Select(pool => $"{pool.Sku} {Number(pool.GpusFree)}/{Number(pool.GpusTotal)}")) is { Length: > 0 } pools ? pools : "-",
                member.IsTarget ? "yes" : $"no: {member.TargetDetail}",
            ]),
            "The fleet has no members there.");
        page.Table(
            "What to do", ["NAME", "TROUBLE", "ADVICE"],
            members.Where(member => member.Advice.Length > 0).Select(member => (string[])[member.Name, member.Trouble, member.Advice]));
    }

    private static void Show(Page page, Member member)
    {
        page.Facts(
            ("member", $"{member.Name} ({member.Region})"),
            ("verdict", $"{member.Verdict} for {Printable.Age(member.Since, page.Time)}"),
            ("decided by", member.Row.Length == 0 ? "" : $"{member.Row} ({member.RowConditions}): {member.RowReason}"),
            ("because", member.Row.Length == 0 ? member.Detail : ""),
            ("new work", $"{(member.IsTarget ? "yes" : "no")}: {member.TargetDetail}"),
            ("trouble", member.Trouble.Length == 0 ? "" : $"{member.Trouble}: {member.TroubleDetail}"),
            ("what to do", string.Join(" ", new[] { member.RowAdvice, member.Advice }.Where(advice => advice.Length > 0))),
            ("ramp", member.RampShare is > 0 and < 1 ? $"{Number((int)(100 * member.RampShare))} % of its GPUs may be new work by now: it returned lately" : ""),
            ("cordoned by", member.CordonedBy),
            ("confirmed lost by", member.ConfirmedLostBy),
            ("stale workloads", string.Join(", ", member.StaleWorkloads)));
        page.Table(
            "Evidence", ["WITNESS", "SITE", "ANSWER", "AGE", "HEARD", "DETAIL"],
            member.Evidence.Select(item => (string[])
            [
                item.Witness, Printable.OrDash(item.Site), item.Answer, Printable.Span(item.Age.ToTimeSpan()), $"{Printable.Span(Heard(member, item))} ago", item.Detail,
            ]),
            "No witness has said anything yet.");
        page.Table("Runs that don't get on there", ["RUN", "EPOCH", "SIGN"], member.Signs.Select(sign => (string[])[sign.RunUid, Number(sign.Epoch), sign.Detail]));
        page.Table("Nodes that take no new work", ["NODE: PROBLEM"], member.NodeProblems.Select(problem => (string[])[problem]));
        page.Table(
            "GPUs", ["SKU", "TOTAL", "FREE"], member.Pools.Select(pool => (string[])[pool.Sku, Number(pool.GpusTotal), Number(pool.GpusFree)]),
            "Its GPUs have not been listed yet.");
        page.Table(
            "Reservations", ["RUN", "EPOCH", "SKU", "GPUS", "AGE"],
            member.Reservations.Select(held => (string[])[held.RunUid, Number(held.Epoch), held.Sku, Number(held.Gpus), Printable.Age(held.At, page.Time)]));
    }

    /// <summary>By the member's own time, which is the witness's as it was heard: our clock here may be another.</summary>
    private static TimeSpan Heard(Member member, Evidence item) => member.Now is { } now && item.At is { } at ? now.ToDateTimeOffset() - at.ToDateTimeOffset() : TimeSpan.Zero;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
