using System.Globalization;
using Failover.Protocol.V1;

namespace Failover.Cli;

/// <summary>Runs as tables.</summary>
internal static class RunPages
{
    public static void List(Page page, IReadOnlyCollection<RunLine> lines, bool includesEnded)
    {
        page.Table(
            null,
            ["NAME", "STEP", "FOR", "GPUS", "TRAINED", "EPOCH", "MEMBER", "SKU"],
            lines.Select(line => (string[])
            [
                line.Name, Step(line), Printable.Age(line.StepSince, page.Time), Number(line.Gpus), Trained(line.HasTrainingStep, line.TrainingStep),
                Number(line.Epoch), Printable.OrDash(line.Member), Printable.OrDash(line.Sku),
            ]),
            includesEnded ? "There are no runs. 'failover run submit FILE' submits one." : "No runs are live. --all shows those that ended as well.");
        page.Table(
            "Failbacks that are proposed; nothing is moved for them", ["NAME", "IS AT", "WOULD RATHER BE AT"],
            lines.Where(line => line.Failback.Length > 0).Select(line => (string[])[line.Name, line.Member, line.Failback]));
    }

    public static void Whole(Page page, Run run)
    {
        var line = run.Line;
        page.Facts(
            ("run", line.Name),
            ("uid", line.Uid),
            ("tenant", $"{line.Tenant}, tier {Number(line.Tier)}"),
            ("step", $"{line.Step} for {Printable.Age(line.StepSince, page.Time)}{(run.CancelledBy.Length > 0 ? $", cancelled by {run.CancelledBy}" : "")}"),
            ("waits", run.Waiting is { } waiting ? Waits(page, waiting) : ""),
            ("staging ahead", run.StageAhead is { } ahead ? $"in {ahead.Store} for {Printable.Age(ahead.Since, page.Time)}: its checkpoint is brought there before others leave for it" : ""),
            ("overdue", run.Overdue is { } overdue ? Overdue(page, overdue) : ""),
            ("gang", $"{Number(run.Workers)} workers of {Number(run.GpusPerWorker)} GPUs, {Number(line.Gpus)} in all"),
            ("trained", Trained(line.HasTrainingStep, line.TrainingStep)),
            ("epoch", run.Current is { } current ? Current(current) : "none yet"),
            ("failback", line.Failback.Length == 0 ? "" : $"proposed: to {line.Failback}, where it would rather be and has room now; nothing is moved for it"),
            ("retries", run.RetriesInPlace + run.RetriesElsewhere == 0 ? "" : $"{Number(run.RetriesInPlace)} in place, {Number(run.RetriesElsewhere)} elsewhere"),
            ("unreached", string.Join("; ", run.StoresOutOfReach.Select(store => $"store {store.Store} for {Printable.Age(store.Since, page.Time)} ({store.Detail})"))),
            ("seals owed", string.Join(", ", run.PendingSeals.Select(seal => $"epoch {Number(seal.Epoch)} in {seal.Store}{(seal.Since is null ? "" : $" for {Printable.Age(seal.Since, page.Time)}")}"))),
            ("submitted", Printable.Time(line.SubmittedAt)));
        page.Table(
            "Why it has no place", ["MEMBER", "FITS", "REASON"],
            (run.Waiting?.PerMember ?? []).Select(item => (string[])[item.Member, item.Never ? "never" : "not now", item.Reason]));
        Move(page, "The move under way", run.Move);
        Move(page, "The last move", run.LastMove);
        page.Table(
            "Checkpoints, the newest verified in each store", ["STORE", "COMMIT", "STEP", "AGE", "REACHED"],
            run.Tips.Select(tip => (string[])[tip.Store, tip.Commit, Number(tip.TrainingStep), Printable.Age(tip.At, page.Time), tip.Reached]));
        page.Table(
            "Earlier epochs", ["EPOCH", "MEMBER", "SKU", "RESUMED FROM", "CUT AT", "SEALED", "UNTIL"],
            run.Past.Select(past => (string[])
            [
                Number(past.Number), past.Member, past.Sku, From(past.ResumedFrom), From(past.CutAt), past.Sealed ? "yes" : "owed", Printable.Time(past.Until),
            ]));
        page.Table(
            "Not sent there for a while", ["MEMBER", "UNTIL", "REASON"],
            run.Distrusted.Select(item => (string[])[item.Member, Printable.Time(item.Until), item.Reason]));
    }

    private static void Move(Page page, string title, Move? move)
    {
        if (move is null)
            return;
        page.Line("");
        page.Line($"{title}: {move.Cause} to {move.Member} ({move.Region}), epoch {Number(move.ToEpoch)}, resuming from {From(move.Commit)}");
        if (move.FallbackDetail.Length > 0)
            page.Line(move.FallbackDetail);
        if (move.Note is { } note)
            Place(page, note);
        var first = move.Dates.FirstOrDefault()?.At;
        page.Table(
            null, ["STEP", "AT", "AFTER"],
            move.Dates.Select(date => (string[])[date.Step, Printable.Time(date.At), Seconds(date.At.ToDateTimeOffset() - first!.ToDateTimeOffset())]));
    }

    /// <summary>What the plan said of the place; docs/cli.md explains it line by line.</summary>
    private static void Place(Page page, PlacementNote note) => page.Facts(
        ("place costs", string.Create(CultureInfo.InvariantCulture, $"{note.StagingSeconds:0} s of staging, ${note.EgressDollars:0.00} of egress, {note.GpuHoursLost:0.##} GPU-hours of its gang")),
        ("place is worth", string.Create(CultureInfo.InvariantCulture, $"{note.Value:0.#} weighted GPU-hours")),
        ("next best", note.RunnerUp.Length == 0 ? "none was found"
            : string.Create(CultureInfo.InvariantCulture, $"{note.RunnerUp}, {Math.Abs(note.RunnerUpLoss):0.#} {(note.RunnerUpLoss < 0 ? "more" : "less")}")),
        ("plan", $"{note.Engine}, {(note.HasGap ? string.Create(CultureInfo.InvariantCulture, $"at most {note.Gap:0.00%} short of the best one") : "nothing proven of it")}"));

    private static string Waits(Page page, Waiting waiting)
    {
        var until = waiting.Until is null ? "" : $" Looked at again in {Printable.Span(waiting.Until.ToDateTimeOffset() - page.Time.GetUtcNow())}.";
        return $"{waiting.Reason} for {Printable.Age(waiting.Since, page.Time)}. {waiting.Detail}{until}";
    }

    private static string Overdue(Page page, Overdue overdue) =>
        $"for {Printable.Age(overdue.Since, page.Time)}. {overdue.Detail}{(overdue.LastTry.Length > 0 ? $" The last try: {overdue.LastTry}" : "")}";

    private static string Current(Epoch epoch) =>
        $"{Number(epoch.Number)} on {epoch.Member} ({epoch.Region}), {epoch.Sku}, commits to {epoch.Store}, resumed from {From(epoch.ResumedFrom)}" +
        (epoch.ResumedFrom.Length > 0 ? $" at step {Number(epoch.ResumeStep)}" : "");

    private static string Step(RunLine line) => line.WaitingReason.Length > 0 ? $"{line.Step}: {line.WaitingReason}" : line.Step;

    private static string Trained(bool isKnown, long step) => isKnown ? Number(step) : "-";

    private static string From(string commit) => commit.Length == 0 ? "nothing" : commit;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");
}
