using System.Collections.Immutable;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>Turns stored rows into a placement problem, and the fleet file's and runs' real numbers into whole ones, refusing those that mean nothing.</summary>
internal sealed class ProblemBuilder
{
    private readonly PlannerInput input;
    private readonly PlanningPolicy policy;
    private readonly Dictionary<string, int> throughput;
    private readonly Dictionary<string, string> regionOfStore;
    private readonly Dictionary<string, RegionVerdict> closedRegions;
    private readonly ILookup<string, MemberExclusion> refusals;
    private readonly Dictionary<(string Member, string Sku), ImmutableArray<int>> wholePools;

    public ProblemBuilder(PlannerInput input, PlanningPolicy policy)
    {
        this.input = input;
        this.policy = policy;
        throughput = input.Fleet.Skus.ToDictionary(sku => sku.Name, sku => (int)Whole(sku.Throughput * 1_000, 1, 100_000, $"throughput of {sku.Name}"));
        refusals = input.Preflights.Where(finding => finding.Refusal is not null).ToLookup(
            finding => finding.RunUid, finding => new MemberExclusion(finding.Member, finding.Words));
        regionOfStore = input.Fleet.Stores.ToDictionary(store => store.Name, store => store.Region);
        closedRegions = input.Fleet.Regions.Select(region => RegionVerdicts.Of(region.Name, input.Members))
            .Where(verdict => !verdict.IsTarget).ToDictionary(verdict => verdict.Region);
        wholePools = input.Members.SelectMany(member => (member.Capacity?.Pools ?? []).Select(pool => (member.Name, Pool: pool)))
            .ToDictionary(one => (one.Name, one.Pool.Sku), one => one.Pool.NodesByGpus);
        Kept = KeptPlace.Of(input, policy);
    }

    /// <summary>GPUs that are kept for a run while others, which were preempted for it, stop.</summary>
    public ImmutableArray<KeptPlace> Kept { get; }

    /// <summary>What there is before this pass places anybody.</summary>
    public Room Room() => new(
        input.Members.Where(member => input.Fleet.FindMember(member.Name) is not null).SelectMany(Pools).ToImmutableDictionary(pool => (pool.Member, pool.Free.Sku), pool => pool.Free),
        input.Fleet.Regions.ToImmutableDictionary(region => region.Name, Ingest),
        Held());

    /// <summary>Who wants a place, what there is, and the places of <paramref name="victims"/>, which may be taken from them: live runs, each on a member that has a row.</summary>
    public PlacementProblem Build(IEnumerable<PosedRun> seekers, Room room, IEnumerable<RunState>? victims = null)
    {
        var incumbents = victims?.ToArray() ?? [];
        return new PlacementProblem
        {
            SnapshotVersion = input.SnapshotVersion,
            Members = [.. input.Fleet.Members.Select(Member)],
            Regions = [.. input.Fleet.Regions.Select(region => new PlacementRegion(region.Name, Math.Max(0, room.Ingest[region.Name])))],
            Bins = [.. room.Pools.Select(pool => new PlacementBin(pool.Key.Member, pool.Key.Sku, pool.Value.NodesByFreeGpus) { NodesByGpus = wholePools[pool.Key] })],
            Groups = [.. input.Fleet.Groups.Select(group => Group(group, room, incumbents))],
            Runs = [.. seekers.Select(Run), .. incumbents.Select(Incumbent)],
        };
    }

    /// <summary>Whether the store lies in a region that is lost.</summary>
    public bool IsLost(string store) => regionOfStore.TryGetValue(store, out var home) && closedRegions.ContainsKey(home);

    /// <summary>As a candidate for places.</summary>
    public PlacementRun Run(PosedRun seeker) => Run(seeker.Run, seeker.Cause);

    private PlacementMember Member(MemberSpec spec)
    {
        var state = input.Members.FirstOrDefault(member => member.Name == spec.Name);
        var reason = closedRegions.TryGetValue(spec.Region, out var region) ? $"region {spec.Region} is {region.Verdict}: {region.Reason}"
            : state is null ? "nothing was seen of it yet"
            : MemberMachine.IsTarget(state) is { IsTarget: false } answer ? answer.Reason
            : null;
        return new PlacementMember(spec.Name, spec.Region, reason);
    }

    private IEnumerable<(string Member, FreePool Free)> Pools(MemberState member) =>
        from promised in new[] { InFlight.WithPromises(member, input.Runs) }
        from pool in MemberCapacity.Free(promised)
        let limited = RampUp.Limit(pool, promised, input.Now, policy)
        select (member.Name, Kept.Where(kept => (kept.Member, kept.Sku) == (member.Name, pool.Sku)).Aggregate(limited, (left, kept) => kept.Less(left)));

    private long Ingest(RegionSpec region) => Math.Max(0, IngestLimit(region) - input.Runs
        .Where(run => InFlight.HasTarget(run.Step) && run.Move?.Target.Region == region.Name)
        .Sum(run => Site(run, region.Name, run.Move!.Target.Store).IngestBytes));

    private ImmutableDictionary<(string Group, string Region), long> Held() => input.Runs
        .Where(run => run.Spec.Group is not null)
        .SelectMany(run => InFlight.Holds(run).Select(held => (Group: run.Spec.Group!, Region: input.Fleet.FindMember(held.Member)?.Region, run.Spec.Gang.Gpus)))
        .Where(held => held.Region is not null)
        .GroupBy(held => (held.Group, held.Region!))
        .ToImmutableDictionary(group => group.Key, group => group.Sum(held => (long)held.Gpus));

    private static PlacementGroup Group(GroupSpec group, Room room, RunState[] incumbents)
    {
        var there = incumbents.Where(run => run.Spec.Group == group.Name).ToLookup(run => run.Epoch!.Target.Region, run => (long)run.Spec.Gang.Gpus);
        var held = room.Held.Where(one => one.Key.Group == group.Name).Select(one => (one.Key.Region, Gpus: one.Value - there[one.Key.Region].Sum()));
        return new PlacementGroup(group.Name, group.MaxGpusPerRegion) { Held = held.Where(one => one.Gpus > 0).ToImmutableDictionary(one => one.Region, one => one.Gpus) };
    }

    /// <summary>A live run whose place may be taken from it.</summary>
    private PlacementRun Incumbent(RunState run) => new()
    {
        Uid = run.Uid,
        Name = run.Spec.Name,
        Workers = run.Spec.Gang.Workers,
        GpusPerWorker = run.Spec.Gang.GpusPerWorker,
        Tier = run.Spec.Tier,
        Skus = Skus(run),
        Sites = [],
        Group = KnownGroup(run),
        Home = new PlacementHome(run.Epoch!.Target.Member, run.Epoch.Target.Sku, Victims.AtStake(run, input.Now, policy)),
    };

    private string? KnownGroup(RunState run) => run.Spec.Group is { } group && input.Fleet.FindGroup(group) is not null ? group : null;

    private ImmutableArray<SkuChoice> Skus(RunState run) => [.. run.Spec.Skus.Where(throughput.ContainsKey).Distinct().Select(sku => new SkuChoice(sku, throughput[sku]))];

    private long IngestLimit(RegionSpec region) =>
        Whole(region.RestoreMegabytesPerSecond * 1e6 * policy.RecoveryWindow.TotalSeconds, 0, 1e17, $"restore bandwidth of region {region.Name}");

    private PlacementRun Run(RunState run, MoveCause cause)
    {
        var sites = ImmutableArray.CreateBuilder<PlacementSite>();
        var reasons = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var region in input.Fleet.Regions.Select(region => region.Name).Where(region => run.Spec.Regions.IsEmpty || run.Spec.Regions.Contains(region)))
        {
            if (run.Spec.Group is { } group && KnownGroup(run) is null)
                reasons.Add(region, $"its group {group} is not in the fleet file, so nobody knows how it is to be spread");
            else if (TargetStore.In(region, run.Spec, input.Fleet) is { } store)
                sites.Add(Site(run, region, store.Name));
            else
                reasons.Add(region, $"region {region} has no checkpoint store");
        }

        return new PlacementRun
        {
            Uid = run.Uid,
            Name = run.Spec.Name,
            Workers = run.Spec.Gang.Workers,
            GpusPerWorker = run.Spec.Gang.GpusPerWorker,
            Tier = run.Spec.Tier,
            Skus = Skus(run),
            Sites = sites.ToImmutable(),
            RegionReasons = reasons.ToImmutable(),
            Excluded = [.. run.Distrusted.Where(distrust => distrust.Until > input.Now).Select(Exclusion), .. refusals[run.Uid]],
            PreferredRegions = run.Spec.Prefer,
            Group = KnownGroup(run),
            PreferredMember = cause == MoveCause.Restart ? run.Epoch?.Target.Member : null,
        };
    }

    private static MemberExclusion Exclusion(Distrust distrust) =>
        new(distrust.Member, $"distrusted until {distrust.Until:yyyy-MM-dd HH:mm:ss}Z: {distrust.Reason}");

    private PlacementSite Site(RunState run, string region, string store)
    {
        var transfers = ImmutableArray.CreateBuilder<Transfer>();
        var holders = CheckpointBytes.Holders(run, IsLost)
            .Where(regionOfStore.ContainsKey).Select(name => regionOfStore[name]);
        Bring(transfers, region, [.. holders], CheckpointBytes.Size(run), $"run {run.Uid}: size of its checkpoint");
        foreach (var dataset in run.Spec.Datasets)
            Bring(transfers, region, dataset.Regions, dataset.SizeGigabytes * 1e9, $"run {run.Uid}: size of data set {dataset.Name}");

        // What is more than the region takes in a whole window goes when nothing else does, instead of never.
        var limit = input.Fleet.Regions.Where(spec => spec.Name == region).Select(IngestLimit).FirstOrDefault();
        return new PlacementSite(region, store, transfers.ToImmutable(), Math.Min(Math.Min(limit, Transfer.BytesMax), transfers.Sum(transfer => transfer.Bytes)));
    }

    /// <summary>Nothing where it is there already, or is to be had nowhere in particular; else from the nearest source.</summary>
    private void Bring(ImmutableArray<Transfer>.Builder transfers, string region, ImmutableArray<string> sources, double bytes, string what)
    {
        // Checked wherever the run might go, so that a wrong number does not hide until a failover.
        var whole = Whole(bytes, 0, Transfer.BytesMax, what);
        if (sources.IsEmpty || sources.Contains(region))
            return;
        var link = sources.Select(source => input.Fleet.Link(source, region)).Order(LinkOrder.BestFirst).First();
        transfers.Add(new Transfer(
            whole,
            Whole(link.MegabytesPerSecond * 1e6, 1, 1e15, $"bandwidth from {link.From} to {link.To}"),
            Whole(link.EgressDollarsPerGigabyte * 1e6, 0, 1e12, $"egress price from {link.From} to {link.To}")));
    }

    private static long Whole(double value, double min, double max, string what) =>
        // Written so that NaN fails.
        value >= min && value <= max ? (long)value : throw new ArgumentException($"{what} is out of range: {value}", nameof(value));
}
