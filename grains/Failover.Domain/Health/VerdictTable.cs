using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>
/// What the witnesses say of a member, each already over its own thresholds and within its age, and what else bears on it. The flags are no witnesses:
/// they tell apart what to do about the same evidence.
/// </summary>
public readonly record struct VerdictInput
{
    /// <summary>The API answers: a quorum of the configured sites. Of a lost member, Yes only once it has lasted.</summary>
    public Answer Api { get; init; }

    /// <summary>What the API answers is well and in time; No: it is slow, or answers with 429 or 5xx.</summary>
    public Answer Ready { get; init; }

    /// <summary>Its nodes are ready and renew their leases.</summary>
    public Answer Nodes { get; init; }

    /// <summary>Its runs progress. Yes only of rises seen after the API's trouble began; of a lost member, only once it has lasted.</summary>
    public Answer Progress { get; init; }

    /// <summary>No: an operator said that it is lost. There is no Yes: an operator's trust takes the No back.</summary>
    public Answer Operator { get; init; }

    /// <summary>A quorum of sites says that our credentials won't do.</summary>
    public bool Refused { get; init; }

    /// <summary>Its owner stopped it.</summary>
    public bool Stopped { get; init; }

    /// <summary>The verdict so far is <see cref="MemberVerdict.Lost"/>.</summary>
    public bool WasLost { get; init; }

    /// <summary>Nothing fresh was heard of the API for longer than verdicts stand.</summary>
    public bool Blind { get; init; }
}

/// <summary>A row: the conditions that must all hold (<see langword="null"/>: whatever it says), the verdict (<see langword="null"/>: as it was), and what to tell an operator.</summary>
public sealed record VerdictRow(string Name, MemberVerdict? Verdict, string Reason, string Advice)
{
    /// <summary>Answers of the API that match.</summary>
    public ImmutableArray<Answer>? Api { get; init; }

    /// <summary>Whether what the API answers must be well.</summary>
    public ImmutableArray<Answer>? Ready { get; init; }

    /// <summary>Answers of the nodes that match.</summary>
    public ImmutableArray<Answer>? Nodes { get; init; }

    /// <summary>Answers of progress that match.</summary>
    public ImmutableArray<Answer>? Progress { get; init; }

    /// <summary>Answers of the operator that match.</summary>
    public ImmutableArray<Answer>? Operator { get; init; }

    /// <summary>Whether credentials must be refused, or not.</summary>
    public bool? Refused { get; init; }

    /// <summary>Whether its owner must have stopped it, or not.</summary>
    public bool? Stopped { get; init; }

    /// <summary>Whether it must have been lost, or not.</summary>
    public bool? WasLost { get; init; }

    /// <summary>Whether nothing fresh must have been heard for long, or not.</summary>
    public bool? Blind { get; init; }

    /// <summary>The conditions in words, as <c>api=No, progress=Yes</c>; <c>any</c> where there are none.</summary>
    public string Conditions
    {
        get
        {
            string?[] parts =
            [
                Words("operator", Operator), Words("api", Api), Words("ready", Ready), Words("nodes", Nodes), Words("progress", Progress),
                Words("refused", Refused), Words("stopped by owner", Stopped), Words("was lost", WasLost), Words("blind", Blind),
            ];
            var said = string.Join(", ", parts.Where(part => part is not null));
            return said.Length == 0 ? "any" : said;
        }
    }

    /// <summary>Whether the row is about this input.</summary>
    public bool Matches(VerdictInput input) =>
        Holds(Api, input.Api) && Holds(Ready, input.Ready) && Holds(Nodes, input.Nodes) && Holds(Progress, input.Progress) && Holds(Operator, input.Operator)
        && Holds(Refused, input.Refused) && Holds(Stopped, input.Stopped) && Holds(WasLost, input.WasLost) && Holds(Blind, input.Blind);

    private static bool Holds(ImmutableArray<Answer>? wanted, Answer given) => wanted is not { } answers || answers.Contains(given);

    private static bool Holds(bool? wanted, bool given) => wanted is not { } flag || flag == given;

    private static string? Words(string name, ImmutableArray<Answer>? wanted) => wanted is { } answers ? $"{name}={string.Join('|', answers)}" : null;

    private static string? Words(string name, bool? wanted) => wanted is { } flag ? $"{name}={(flag ? "yes" : "no")}" : null;
}

/// <summary>
/// From evidence to a member's verdict: the first row that matches decides. The last row matches everything, so that the table is total; and it is
/// monotone: turning a witness's answer to No never makes the verdict better (both by test). The documentation is made from <see cref="Rows"/>.
/// </summary>
public static class VerdictTable
{
    private static readonly ImmutableArray<Answer> Yes = [Answer.Yes];
    private static readonly ImmutableArray<Answer> No = [Answer.No];
    private static readonly ImmutableArray<Answer> NotYes = [Answer.No, Answer.Unknown];

    /// <summary>The rows, in order.</summary>
    public static ImmutableArray<VerdictRow> Rows { get; } =
    [
        // A person may know what no witness of ours can; the word is dropped by the machine once the API begins to answer after it.
        new("operator-confirmed", MemberVerdict.Lost, "An operator confirmed that it is lost.", "Take the word back with `member trust` if it is not.")
            { Operator = No },

        // The API answers but most nodes don't: what runs there may not run for long, and new work would not start.
        new("nodes-down", MemberVerdict.Degraded, "The API answers, but most of its nodes are not alive.", "Look at its nodes; it gets no new work.")
            { Api = Yes, Nodes = No },

        // A brown-out: what answers, however badly, is there. Whatever its runs do, this is no evidence of a loss.
        new("api-ill", MemberVerdict.Degraded, "The API answers, but slowly or with errors (429, 5xx).", "Look at its control plane: load, etcd, throttling. It gets no new work.")
            { Api = Yes, Ready = No },

        // Silence of runs behind an API that answers is the runs' trouble, not the member's: each run looks after that itself.
        new("api-answers", MemberVerdict.Healthy, "The API answers.", "")
            { Api = Yes },

        // A stopped cluster looks just like a lost one, but its owner wants it so. Runs that still step show that it is not stopped (yet).
        new("stopped-by-owner", MemberVerdict.Stopped, "Its owner stopped it.", "Its runs wait for it to be started; drain it to move them.")
            { Api = NotYes, Progress = NotYes, Stopped = true },

        // What was lost stays lost until something speaks against it: its runs were moved, so that their silence says nothing any more.
        new("still-lost", MemberVerdict.Lost, "It was lost, and nothing speaks against that yet.", "If it is well, wait for it to prove itself, or use `member trust`.")
            { Api = NotYes, Progress = NotYes, WasLost = true },

        // Credentials that ran out look alike on all members at once: our fault, so nothing is moved for it.
        new("credentials-refused", MemberVerdict.Suspect, "It refuses our credentials, or we don't trust its certificate.", "Renew the credentials in its kubeconfig.")
            { Api = NotYes, Refused = true },

        // I5: training goes on without a control plane.
        new("control-plane-down", MemberVerdict.ControlPlaneDown, "The API does not answer, but runs progress.", "Nothing is moved. Bring its control plane back; drain it if that takes long.")
            { Api = No, Progress = Yes },

        // Two independent kinds of evidence, in different failure domains.
        new("silent", MemberVerdict.Lost, "The API does not answer, and its runs have fallen silent although their store answers.", "Its runs are being moved.")
            { Api = No, Progress = No },

        // Probes alone never move a run; an idle member merely stops being a target.
        new("api-silent", MemberVerdict.Suspect, "The API does not answer, and no run says whether it is alive.", "If you know that it is lost, say so with `member confirm-lost`.")
            { Api = No },

        // The runs of a member thought lost step again, while we can't tell of its API: doubt the loss, move nothing more.
        new("stepping-again", MemberVerdict.ControlPlaneDown, "It was lost, but runs progress there.", "Nothing more is moved off it.")
            { Progress = Yes, WasLost = true },

        // A verdict is not kept for ever on evidence of long ago.
        new("blind", MemberVerdict.Unknown, "Nothing fresh was heard of it for long.", "Look at our silos: too few sites reach it or report.")
            { Blind = true },

        // Too little is fresh to say anything else than before: after our own restart, say.
        new("as-it-was", null, "Too little fresh evidence; the verdict stands.", ""),
    ];

    /// <summary>The table as operators read it, in Markdown; the documentation has it word for word.</summary>
    public static ImmutableArray<string> Markdown { get; } =
    [
        "| row | when | verdict | what it says | what to do |",
        "|---|---|---|---|---|",
        .. Rows.Select(row => $"| `{row.Name}` | {row.Conditions.Replace("|", " or ", StringComparison.Ordinal)} | {row.Verdict?.ToString() ?? "as before"} | {row.Reason} | {row.Advice} |"),
    ];

    /// <summary>The row of that name, or <see langword="null"/>.</summary>
    public static VerdictRow? Find(string name) => Rows.FirstOrDefault(row => row.Name == name);

    /// <summary>The row that decides.</summary>
    public static VerdictRow Decide(VerdictInput input) => Rows.First(row => row.Matches(input));
}
