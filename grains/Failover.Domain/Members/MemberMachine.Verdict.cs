using Failover.Domain.Health;

namespace Failover.Domain.Members;

public static partial class MemberMachine
{
    private static (MemberState State, VerdictRow Row) Judge(MemberState state, MemberPolicy policy)
    {
        var heard = Hear(state, policy);
        var known = heard.Api != Answer.Unknown || heard.Refused;
        var returning = Returning(state, heard);
        if (known)
            returning = returning with { LastAnswerAt = state.Now };

        // Up takes longer than down: signs of life of a lost member count only once they have lasted.
        var believed = returning.ReturningSince is { } since && state.Now - since >= policy.ReturnAfter;
        if (believed)
            returning = returning with { ConfirmedLostBy = null, ConfirmedLostAt = null };

        var lost = returning.Verdict == MemberVerdict.Lost;
        var input = new VerdictInput
        {
            Api = lost && !believed && heard.Api == Answer.Yes ? Answer.Unknown : heard.Api,
            Ready = heard.Ready,
            Nodes = heard.Nodes,
            Progress = lost && !believed && heard.Progress == Answer.Yes ? Answer.Unknown : heard.Progress,
            Operator = returning.ConfirmedLostBy is null ? Answer.Unknown : Answer.No,
            Refused = heard.Refused,
            Stopped = returning.StoppedByOwner,
            WasLost = lost,
            Blind = returning.LastAnswerAt is not { } last || state.Now - last >= policy.BlindAfter,
        };
        var row = VerdictTable.Decide(input);
        return (Settle(returning, row, input, heard), row);
    }

    private static MemberState Returning(MemberState state, Heard heard)
    {
        if (state.Verdict != MemberVerdict.Lost)
            return state.ReturningSince is null ? state : state with { ReturningSince = null };

        // Only an API that began to answer after an operator's word contradicts it; the operator knew the rest.
        var alive = state.ConfirmedLostAt is { } confirmed
            ? heard.Api == Answer.Yes && heard.ApiSince > confirmed
            : heard.Api == Answer.Yes || heard.Progress == Answer.Yes;
        return state with { ReturningSince = alive ? state.ReturningSince ?? state.Now : null };
    }

    private static MemberState Settle(MemberState state, VerdictRow row, VerdictInput input, Heard heard)
    {
        var verdict = row.Verdict ?? state.Verdict;
        var settled = state with { TroubleSince = Trouble(state, verdict, heard) };
        // The detail is that of the moment when the row began to decide; a row that says "as it was" explains nothing anew.
        if (row.Verdict is not null && (verdict != state.Verdict || !state.VerdictDetail.StartsWith(row.Name + ":", StringComparison.Ordinal)))
            settled = settled with { VerdictDetail = Describe(state, row, input) };
        if (verdict == state.Verdict)
            return settled;

        var changed = settled with { Verdict = verdict, VerdictSince = state.Now, ReturningSince = null };
        if (verdict == MemberVerdict.Lost)
            return changed with { Clean = false };
        return state.Verdict == MemberVerdict.Lost ? changed with { ReturnedAt = state.Now } : changed;
    }

    private static DateTimeOffset? Trouble(MemberState state, MemberVerdict verdict, Heard heard) => verdict switch
    {
        MemberVerdict.Healthy => null,
        MemberVerdict.Unknown => state.TroubleSince,
        // While runs stepped without their control plane, their loss had not begun.
        MemberVerdict.Lost or MemberVerdict.Suspect when state.Verdict == MemberVerdict.ControlPlaneDown => state.LastRiseAt ?? state.TroubleSince,
        _ => state.TroubleSince ?? (heard.Api == Answer.No ? heard.ApiSince : NodesSince(state)) ?? state.Now,
    };

    private static DateTimeOffset? NodesSince(MemberState state) =>
        state.Evidence.FirstOrDefault(said => said.Witness == Witness.Nodes && said.Answer == Answer.No) is { } nodes ? nodes.At - nodes.For : null;

    private static string Describe(MemberState state, VerdictRow row, VerdictInput input)
    {
        var by = input.Operator == Answer.No ? $", operator={state.ConfirmedLostBy}" : "";
        var sites = string.Join("; ", state.Evidence.Where(said => said.Detail.Length > 0)
            .Select(said => $"{said.Witness}{(said.Site.Length > 0 ? "@" + said.Site : "")}: {said.Detail}"));
        return $"{row.Name}: {row.Reason} [api={input.Api}, ready={input.Ready}, nodes={input.Nodes}, progress={input.Progress}{by}] {sites}".TrimEnd();
    }
}
