using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>A member: what is true of it, what each site sees of it, and its row.</summary>
internal sealed class FleetMember
{
    private const int NodeCount = 16;
    private const double WriteFails = 0.002;
    private const double MovedAfter = 10;

    private static readonly HealthPolicy Usual = new();

    private readonly EvidencePlan plan;
    private readonly HealthPolicy health;
    private readonly EvidenceMutant mutant;
    private readonly ImmutableArray<string> sites;
    private readonly Random random;
    private readonly int index;
    private readonly SiteWitness[] witnesses;
    private readonly bool[] wasRestarting;
    private readonly double[] heardAt;
    private readonly ImmutableArray<RunSighting>[] views;
    private readonly double[] anchor = new double[2];
    private List<Trainer> trainers;
    private LeaseWitnessState leases = new();
    private MemberState stored;
    private readonly bool calm;
    private bool sighted;
    private bool reborn;

    public FleetMember(
        int index, EvidenceScale scale, EvidencePlan plan, HealthPolicy health, ImmutableArray<string> sites, EvidenceMutant mutant, Random random)
    {
        (this.index, this.plan, this.health, this.mutant, this.sites, this.random) = (index, plan, health, mutant, sites, random);
        calm = scale.IsCalm;
        Region = index % EvidenceScale.Regions;
        Name = $"member-{index}";
        Host = index % scale.Sites;
        trainers = Born(scale.IsCalm ? -400 : 0);
        State = stored = MemberMachine.Create(Name, $"region-{Region}", DateTimeOffset.UnixEpoch);
        witnesses = [.. sites.Select(_ => new SiteWitness(health))];
        wasRestarting = new bool[sites.Length];
        heardAt = new double[sites.Length];
        views = [.. sites.Select(_ => ImmutableArray<RunSighting>.Empty)];
        foreach (var witness in witnesses)
            witness.Restart(Seeds());
    }

    public string Name { get; }

    public int Region { get; }

    /// <summary>The site where its grain is.</summary>
    public int Host { get; private set; }

    public MemberState State { get; private set; }

    /// <summary>Counts the moves away from it.</summary>
    public int Generation { get; private set; } = 1;

    public bool HasRuns => trainers.Count > 0;

    /// <summary>Whether its runs are the sort that beats.</summary>
    public bool HasBeats => index % 10 != 8;

    /// <summary>Whether any of its runs had been stepping when it died.</summary>
    public bool HadWitness { get; private set; }

    public int Gpus => trainers.Count * 64;

    /// <summary>Its true loss, or none.</summary>
    public Span? Death => plan.Deaths[index];

    /// <summary>When the loss was suspected and found, in seconds; NaN until then.</summary>
    public double SuspectedAt { get; private set; } = double.NaN;

    public double LostAt { get; private set; } = double.NaN;

    public string SiteName(int site) => sites[site];

    public SiteWitness Witness(int site) => witnesses[site];

    public bool IsDead(double at) => Death is { } death && at >= death.From && at < death.To;

    /// <summary>When a site's process goes on, if it stands still.</summary>
    public double? IsStill(int site, double at) => plan.Pauses[site].At(at)?.To;

    /// <summary>Whether a site's process is there; the first time after a restart its memory is empty.</summary>
    public bool Runs(int site, double at)
    {
        var restarting = plan.Restarts[site].Holds(at);
        if (wasRestarting[site] && !restarting)
            witnesses[site].Restart(stored.Paces);
        wasRestarting[site] = restarting;
        return !restarting;
    }

    public (ProbeOutcome Outcome, double Takes) Probe(int site, double at, bool lost, Random draw)
    {
        if (lost || IsCut(site, Region, at) || IsDead(at) || plan.StaleViews[site].Holds(at) || IsMassAlarm(at))
            return (ProbeOutcome.NoAnswer, 1);
        if (plan.Outages[index].At(at) is { } outage)
            return (ProbeOutcome.NoAnswer, outage.From % 2 < 1 ? 0.01 : 1);
        return plan.BrownOuts[index].At(at) is { } ill ? BrownOut(ill.Kind, draw) : (ProbeOutcome.Ready, 0.02);
    }

    public StoreReading ReadStore(int site, double at, bool lost)
    {
        var commits = trainers.Exists(trainer => trainer.Kind == TrainerKind.CommitsOnly);
        var home = commits ? Region : StoreRegion;
        var answered = !lost && !plan.StoreStalls[home].Holds(at) && !IsCut(site, home, at);
        if (!answered)
            return new StoreReading($"store-{home}", false, home != Region, []);
        foreach (var trainer in trainers)
            trainer.Advance(IsDead(at) ? Math.Min(at, Death!.Value.From) : at);
        if (!plan.StaleViews[site].Holds(at))
            views[site] = [.. trainers.Where(trainer => trainer.Shown is not null).Select(Sight)];
        return new StoreReading($"store-{home}", true, home != Region, views[site]);
    }

    /// <summary>What its watcher tells, if anything.</summary>
    public MemberEvent? LookAtNodes(double at)
    {
        if (IsStill(Host, at) is not null || plan.Restarts[Host].Holds(at))
            return null;
        if (IsDead(at) || plan.Outages[index].Holds(at) || IsCut(Host, Region, at) || plan.StaleViews[Host].Holds(at) || IsMassAlarm(at))
        {
            var had = sighted;
            sighted = false;
            return had ? new MemberEvent.LostSight(default, "no answer") : null;
        }

        if (!sighted)
        {
            sighted = true;
            return new MemberEvent.Observed(default, new CapacitySnapshot(1, [new PoolSnapshot("h100", NodeCount * 8, [0, 0, 0, 0, 0, 0, 0, 0, NodeCount])], []));
        }

        var alive = plan.NodesGone[index].Holds(at) ? NodeCount / 4 : NodeCount;
        var step = LeaseWitness.Next(leases, NodeCount, alive, alive, TimeSpan.FromSeconds(at), health);
        leases = step.State;
        return step.Report is { } report ? new MemberEvent.LeasesReported(default, SiteName(Host), report) : null;
    }

    /// <summary>What happens around the row: its grain moves away from a host that is not there; a member that came back gets new runs.</summary>
    public void Keep(double at)
    {
        var gone = plan.Pauses[Host].At(at) ?? plan.Restarts[Host].At(at) ?? plan.Mute[Host].At(at);
        if (gone is { } span && at - span.From > Math.Min(MovedAfter, (span.To - span.From) / 2))
        {
            if (sites.Length > 1)
                Host = (Host + 1) % sites.Length;
            Activate(at);
        }

        // Where nobody noticed, the same runs start again at once; else others come once it is trusted.
        if (Death is not { } death || reborn || at < death.To || (!HasRuns && State.Verdict != MemberVerdict.Healthy))
            return;
        reborn = true;
        trainers = Born(at + 60);
    }

    /// <summary>Its runs were moved elsewhere.</summary>
    public void MoveAway()
    {
        trainers = [];
        Generation++;
    }

    /// <summary>Delivers to the row what a site says, unless one of the two can't be reached; answers with a change of its verdict.</summary>
    public VerdictChange? Tell(int site, double at, MemberEvent said)
    {
        if (plan.Mute[site].Holds(at) || plan.Mute[Host].Holds(at) || IsStill(Host, at) is not null || plan.Restarts[Host].Holds(at))
            return null;
        heardAt[site] = at;
        var before = State;
        var transition = MemberMachine.Next(State, Altered(said) with { At = Now(at) }, PolicyAt(at));
        State = transition.State;
        if (transition.MustStore)
        {
            if (!calm && random.NextDouble() < WriteFails)
            {
                Activate(at);
                return null;
            }

            stored = State;
        }

        Note(at);
        return transition.Verdict is { } change && before.Verdict != change.To ? change : null;
    }

    public string Describe(double at)
    {
        string?[] parts =
        [
            plan.Outages[index].Holds(at) ? "outage" : null,
            plan.BrownOuts[index].At(at) is { } ill ? $"brown-out {ill.Kind}" : null,
            plan.NodesGone[index].Holds(at) ? "kubelets gone" : null,
            plan.StoreStalls[StoreRegion].Holds(at) ? "store stalls" : null,
            .. sites.Index().Where(site => IsCut(site.Index, Region, at)).Select(site => $"{site.Item} cut"),
            .. sites.Index().Where(site => plan.Pauses[site.Index].At(at - 15) is not null).Select(site => $"{site.Item} paused"),
            Death is { } death ? $"died {death.From:0} to {death.To:0}" : null,
            .. sites.Index().Where(site => plan.StaleViews[site.Index].Holds(at)).Select(site => $"{site.Item} stale"),
            .. trainers.Select(trainer => $"{trainer.Kind}"),
        ];
        return string.Join(", ", parts.Where(part => part is not null));
    }

    private int StoreRegion => (Region + 1) % EvidenceScale.Regions;

    private static (ProbeOutcome Outcome, double Takes) BrownOut(int kind, Random draw)
    {
        var takes = kind == 0 ? 0.2 + (draw.NextDouble() * 2) : draw.NextDouble() * 1.15;
        return takes > 1 ? (ProbeOutcome.NoAnswer, 1) : (ProbeWitness.Answered(kind == 0, TimeSpan.FromSeconds(takes), Usual), takes);
    }

    private static RunSighting Sight(Trainer trainer)
    {
        var shown = trainer.Shown!.Value;
        return new RunSighting(trainer.Uid, 1, shown.Attempt, shown.Step, TimeSpan.FromSeconds(5))
        {
            Beat = trainer.Kind is TrainerKind.Mute or TrainerKind.CommitsOnly ? 0 : shown.Beat,
            Busy = trainer.Kind is not (TrainerKind.Mute or TrainerKind.CommitsOnly) && shown.Busy,
            ByCommit = trainer.Kind == TrainerKind.CommitsOnly,
            StartMax = TimeSpan.FromMinutes(15),
        };
    }

    /// <summary>What earlier epochs of its runs have taught.</summary>
    private ImmutableArray<RunPace> Seeds() =>
        [.. trainers.Where(trainer => trainer.UsualPause > 0).Select(trainer => new RunPace(trainer.Uid, 0, 0, TimeSpan.FromSeconds(5)) { Pause = TimeSpan.FromSeconds(trainer.UsualPause) })];

    private List<Trainer> Born(double at)
    {
        // Every tenth is idle, and every tenth has one run that does not beat.
        if (index % 10 == 9 && !calm)
            return [];
        var count = index % 10 == 8 ? 1 : 1 + random.Next(3);
        return
        [
            .. Enumerable.Range(0, count).Select(number => new Trainer(
                $"run-{index}-{Generation}-{number}", calm ? TrainerKind.Steady : index % 10 == 8 ? TrainerKind.CommitsOnly : Draw(random.Next(100)), random, at,
                when => !plan.StoreStalls[index % 10 == 8 && !calm ? Region : StoreRegion].Holds(when) && !IsMassAlarm(when),
                when => !plan.Outages[index].Holds(when) && !plan.BrownOuts[index].Holds(when))),
        ];

        static TrainerKind Draw(int percent) => percent switch
        {
            < 50 => TrainerKind.Steady,
            < 70 => TrainerKind.Telling,
            < 85 => TrainerKind.Mute,
            _ => TrainerKind.Threaded,
        };
    }

    private bool IsMassAlarm(double at) => plan.MassAlarm is { } alarm && at >= alarm.From && at < alarm.To;

    private bool IsCut(int site, int region, double at) => plan.Cuts[site].At(at) is { } cut && ((cut.Kind >> region) & 1) == 1;

    private void Activate(double at)
    {
        var wall = at + (plan.ClockJumps[Host].At(at) is { } jump ? jump.Kind - 3_600 : 0);
        (anchor[0], anchor[1]) = (Math.Max(wall, (stored.Now - DateTimeOffset.UnixEpoch).TotalSeconds), at);
        State = MemberMachine.Next(stored, new MemberEvent.Activated(Now(at)), PolicyAt(at)).State;
    }

    private DateTimeOffset Now(double at) => DateTimeOffset.UnixEpoch.AddSeconds(anchor[0] + at - anchor[1]);

    private MemberPolicy PolicyAt(double at)
    {
        var policy = new MemberPolicy { Sites = sites };
        return mutant switch
        {
            EvidenceMutant.QuorumOfTheLiving => policy with { Sites = [.. sites.Index().Where(site => at - heardAt[site.Index] < 15).Select(site => site.Item)] },
            EvidenceMutant.HysteresisOff => policy with { ReturnAfter = TimeSpan.Zero },
            _ => policy,
        };
    }

    private MemberEvent Altered(MemberEvent said) => said is MemberEvent.ProgressReported { Report.Answer: not Answer.No } progress && mutant == EvidenceMutant.ProgressIgnored
        ? progress with { Report = progress.Report with { Answer = Answer.No } }
        : said;

    private void Note(double at)
    {
        if (!IsDead(at))
            return;
        HadWitness |= trainers.Exists(trainer => trainer.Steps >= 3);
        if (double.IsNaN(SuspectedAt) && State.Verdict is MemberVerdict.Suspect or MemberVerdict.Lost)
            SuspectedAt = at;
        if (double.IsNaN(LostAt) && State.Verdict == MemberVerdict.Lost)
            LostAt = at;
    }
}
