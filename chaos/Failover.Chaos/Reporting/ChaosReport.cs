using Failover.Chaos.Checking;
using Failover.Chaos.Recording;

namespace Failover.Chaos.Reporting;

/// <summary>Zombies: attempts that committed after their epoch was over, how often beyond what counts, and how many of those commits were taken for good.</summary>
public sealed record ZombieCount(int Zombies, int CommitsAhead, int Adopted);

/// <summary>The judgement on a record, with the figures that go with it.</summary>
public sealed record ChaosReport(
    string Scenario, int Seed, IReadOnlyList<Judgement> Judgements, IReadOnlyList<MoveReport> Moves, IReadOnlyList<WaitReport> Waits, ZombieCount Zombies,
    long StepsRedone, long StepsRedoneMost)
{
    /// <summary>Whether everything held.</summary>
    public bool Passed => Judgements.All(judgement => judgement.Held);

    /// <summary>
    /// Judges a record. <paramref name="expectations"/> are what the scenario's script looked at itself; there are none when a stored record is judged again.
    /// </summary>
    public static ChaosReport Of(Record record, RecordPlan plan, IReadOnlyList<Judgement> expectations)
    {
        var (redone, findings) = ResumeChecks.StepsRedone(record);
        var (zombies, ahead, adopted) = FailoverChecks.Zombies(record);
        List<Judgement> judgements =
        [
            LineageChecks.WeightsIdentical(record),
            LineageChecks.ProvenanceExact(record),
            redone,
            LineageChecks.OneLineage(record),
            ResumeChecks.ResumeFromGood(record),
            EffectChecks.StoreThenAct(record),
            EffectChecks.TimeoutIsUnknown(record),
            FailoverChecks.NoFailoverOnControlPlaneLossAlone(record),
            FailoverChecks.Brake(record, plan.Brake),
            FailoverChecks.NoOvercommit(record),
            FailoverChecks.NoneForgotten(record, plan.MayWait.ToHashSet(StringComparer.Ordinal)),
            FailoverChecks.CleanBeforeTrusted(record),
        ];
        if (plan.ExpectsZombies)
            judgements.Add(ZombieJudgement(zombies, ahead, adopted));
        judgements.AddRange(expectations);
        return new ChaosReport(
            plan.Scenario, plan.Seed, judgements, MoveReport.Of(record, findings), WaitReport.Of(record), new ZombieCount(zombies, ahead, adopted),
            findings.Sum(finding => finding.Redone), findings.Sum(finding => finding.Bound));
    }

    private static Judgement ZombieJudgement(int zombies, int ahead, int adopted)
    {
        var violations = new List<string>();
        if (zombies < 1)
            violations.Add("There was no zombie, so that nothing was shown.");
        if (ahead < 1)
            violations.Add("No zombie committed beyond what counts, so that nothing was shown.");
        if (adopted > 0)
            violations.Add($"{adopted} commits of zombies were taken for good.");
        return new Judgement("zombies", "zombies' commits are left alone", zombies, violations);
    }
}
