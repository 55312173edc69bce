using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>
/// A fleet in virtual time: the real machines of probes, leases, progress, members and the brake, told what sites see of a fleet in which much goes wrong. One thread, one
/// seed: the same again gives the same.
/// </summary>
internal sealed class EvidenceWorld
{
    private const double ProbeTimeout = 1;
    private const double LossShare = 0.05;

    private readonly PriorityQueue<int, (long At, int Id)> due = new();
    private readonly EvidenceScale scale;
    private readonly EvidencePlan plan;
    private readonly EvidenceMutant mutant;
    private readonly HealthPolicy health;
    private readonly Random random;
    private readonly FleetMember[] members;
    private readonly ProbeOutcome[] probing;
    private readonly double[] probeTick;
    private BrakeState brake = new();

    public EvidenceWorld(EvidenceScale scale, EvidenceMutant mutant)
    {
        this.scale = scale;
        this.mutant = mutant;
        plan = new EvidencePlan(scale);
        random = new Random(scale.Seed ^ 0x5eed);
        health = Policy(mutant);
        var sites = Enumerable.Range(0, scale.Sites).Select(site => $"site-{site}").ToImmutableArray();
        members = [.. Enumerable.Range(0, scale.Members).Select(index => new FleetMember(index, scale, plan, health, sites, mutant, random))];
        probing = new ProbeOutcome[scale.Members * scale.Sites];
        probeTick = new double[probing.Length];
        for (var id = 0; id < probing.Length; id++)
        {
            probeTick[id] = random.NextDouble();
            StartProbe(id, probeTick[id]);
            Schedule(Reads + id, random.NextDouble());
        }

        for (var member = 0; member < scale.Members; member++)
        {
            Schedule(Nodes + member, random.NextDouble());
            Schedule(Ticks + member, random.NextDouble());
        }

        Schedule(Pass, 1);
    }

    /// <summary>What was judged, for people.</summary>
    public List<string> FalseLosses { get; } = [];

    public IReadOnlyList<FleetMember> Members => members;

    /// <summary>Permits given for members that were well.</summary>
    public int FalsePermits { get; private set; }

    /// <summary>When none of the region's members was well any more, and when the region was lost; NaN until then.</summary>
    public double RegionSuspectedAt { get; private set; } = double.NaN;

    public double RegionLostAt { get; private set; } = double.NaN;

    /// <summary>Steps of machines that were taken.</summary>
    public long Steps { get; private set; }

    private double Lossy => scale.IsCalm ? 0 : LossShare;

    private int Reads => probing.Length;

    private int Nodes => 2 * probing.Length;

    private int Ticks => Nodes + scale.Members;

    private int Pass => Ticks + scale.Members;

    /// <summary>Plays it to its end, or to the first false loss where that is all that is asked.</summary>
    public void Run(bool toFirstFalseLoss = false)
    {
        while (!(toFirstFalseLoss && FalseLosses.Count > 0) && due.TryDequeue(out var id, out var key))
        {
            var at = key.At / 1_000.0;
            if (at > scale.Seconds)
                return;
            Steps++;
            if (id < Reads)
                EndProbe(id, at);
            else if (id < Nodes)
                Read(id - Reads, at);
            else if (id < Ticks)
                LookAtNodes(members[id - Nodes], id, at);
            else if (id < Pass)
                Tick(members[id - Ticks], id, at);
            else
                PassOfPlanner(at);
        }
    }

    private static HealthPolicy Policy(EvidenceMutant mutant) => mutant switch
    {
        EvidenceMutant.HysteresisOff => new HealthPolicy { MissesToDoubt = 1, GoodToTrust = 1, SilentIntervals = 1, NodesAliveAgain = 0.5 },
        EvidenceMutant.LagIgnored => new HealthPolicy { LagIntervals = 10_000 },
        _ => new HealthPolicy(),
    };

    private (FleetMember Member, int Site) Pair(int id) => (members[id / scale.Sites], id % scale.Sites);

    private void Schedule(int id, double at) => due.Enqueue(id, ((long)Math.Ceiling(at * 1_000), id));

    private void StartProbe(int id, double at)
    {
        var (member, site) = Pair(id);
        var (outcome, takes) = member.Probe(site, at, random.NextDouble() < Lossy, random);
        probing[id] = outcome;
        Schedule(id, at + Math.Min(takes, ProbeTimeout));
    }

    private void EndProbe(int id, double at)
    {
        var (member, site) = Pair(id);
        if (member.IsStill(site, at) is { } until)
        {
            // Its own time-out is up as well by the time that the process goes on.
            probing[id] = ProbeOutcome.NoAnswer;
            Schedule(id, until);
            return;
        }

        if (member.Runs(site, at) && member.Witness(site).Probe(at, probing[id]) is { } report)
            Tell(member, site, at, new MemberEvent.ApiReported(default, member.SiteName(site), report));
        var missed = Math.Floor(at - probeTick[id]);
        // A tick that came meanwhile is taken at once; of several only one.
        probeTick[id] += Math.Max(missed, 1);
        StartProbe(id, Math.Max(at, probeTick[id]));
    }

    private void Read(int id, double at)
    {
        var (member, site) = Pair(id);
        if (member.IsStill(site, at) is { } until)
        {
            Schedule(Reads + id, until);
            return;
        }

        Schedule(Reads + id, at + 1);
        var witness = member.Witness(site);
        if (!member.Runs(site, at) || !witness.ReadIsDue(at))
            return;
        var lost = random.NextDouble() < Lossy;
        if (witness.Read(at, member.ReadStore(site, at, lost), mutant) is { } report)
            Tell(member, site, at, new MemberEvent.ProgressReported(default, member.SiteName(site), report));
    }

    private void LookAtNodes(FleetMember member, int id, double at)
    {
        Schedule(id, at + 1);
        if (member.LookAtNodes(at) is { } seen)
            Tell(member, member.Host, at, seen);
    }

    private void Tick(FleetMember member, int id, double at)
    {
        Schedule(id, at + 1);
        member.Keep(at);
        Tell(member, member.Host, at, new MemberEvent.Tick(default));
    }

    private void Tell(FleetMember member, int site, double at, MemberEvent said)
    {
        var told = member.Tell(site, at, said);
        if (told is not null)
            NoteRegion(at);
        if (told is not { To: MemberVerdict.Lost } change || member.IsDead(at))
            return;
        FalseLosses.Add($"{at:0.0} s: {member.Name} ({member.Describe(at)}): {member.State.VerdictDetail} [was {change.From}]");
    }

    private void NoteRegion(double at)
    {
        if (scale.RegionLoss is not { } loss || at < loss.At)
            return;
        var verdict = RegionVerdicts.Of($"region-{loss.Region}", members.Select(member => member.State)).Verdict;
        if (double.IsNaN(RegionSuspectedAt) && verdict is MemberVerdict.Suspect or MemberVerdict.Lost)
            RegionSuspectedAt = at;
        if (double.IsNaN(RegionLostAt) && verdict == MemberVerdict.Lost)
            RegionLostAt = at;
    }

    /// <summary>The planner's and the brake's part: who is on a lost member asks for a permit.</summary>
    private void PassOfPlanner(double at)
    {
        Schedule(Pass, at + 1);
        var lost = members.Where(member => member.State.Verdict == MemberVerdict.Lost && member.HasRuns).ToList();
        var now = DateTimeOffset.UnixEpoch.AddSeconds(at);
        var fleet = new FleetTotals(
            [.. members.GroupBy(member => member.Region).Select(region => new RegionUse($"region-{region.Key}", region.Sum(member => member.Gpus), region.Count(member => member.HasRuns)))],
            members.Length,
            members.Count(member => member.State.Verdict is MemberVerdict.ControlPlaneDown or MemberVerdict.Suspect or MemberVerdict.Lost));
        var wanted = lost.Select(member => new MoveRequest(member.Name, member.Generation, $"region-{member.Region}", member.Gpus, now)).ToImmutableArray();
        var transition = BrakeMachine.Next(brake, new BrakeEvent.Requested(now, wanted, fleet), new BrakePolicy());
        brake = transition.State;
        foreach (var (member, answer) in lost.Zip(transition.Answers))
        {
            if (!answer.Granted && mutant != EvidenceMutant.BrakeOff)
                continue;
            if (!member.IsDead(at))
                FalsePermits++;
            member.MoveAway();
        }
    }
}
