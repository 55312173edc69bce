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

    public ProblemBuilder(PlannerInput input, PlanningPolicy policy)
    {
        this.input = input;
        this.policy = policy;
        throughput = input.Fleet.Skus.ToDictionary(sku => sku.Name, sku => (int)Whole(sku.Throughput * 1_000, 1, 100_000, $"throughput of {sku.Name}"));
        refusals = input.Preflights.Where(finding => finding.Refusal is not null).ToLookup(
            finding => finding.RunUid, finding => new MemberExclusion(finding.Member, $"would not take it, as a dry run said (since {finding.Since:HH:mm:ss}Z): {finding.Refusal}"));
        regionOfStore = input.Fleet.Stores.ToDictionary(store => store.Name, store => store.Region);
        closedRegions = input.Fleet.Regions.Select(region => RegionVerdicts.Of(region.Name, input.Members))
            .Where(verdict => !verdict.IsTarget).ToDictionary(verdict => verdict.Region);
    }

    public PlacementProblem Build(IEnumerable<(RunState Run, MoveCause Cause)> candidates) => new()
    {
        SnapshotVersion = input.SnapshotVersion,
        Members = [.. input.Fleet.Members.Select(Member)],
        Regions = [.. input.Fleet.Regions.Select(Region)],
        Bins = [.. input.Members.Where(member => input.Fleet.FindMember(member.Name) is not null).SelectMany(Bins)],
        Runs = [.. candidates.Select(candidate => Run(candidate.Run, candidate.Cause))],
    };

    private PlacementMember Member(MemberSpec spec)
    {
        var state = input.Members.FirstOrDefault(member => member.Name == spec.Name);
        var reason = closedRegions.TryGetValue(spec.Region, out var region) ? $"region {spec.Region} is {region.Verdict}: {region.Reason}"
            : state is null ? "nothing was seen of it yet"
            : MemberMachine.IsTarget(state) is { IsTarget: false } answer ? answer.Reason
            : null;
        return new PlacementMember(spec.Name, spec.Region, reason);
    }

    private IEnumerable<PlacementBin> Bins(MemberState member) =>
        from promised in new[] { InFlight.WithPromises(member, input.Runs) }
        from pool in MemberCapacity.Free(promised)
        let limited = RampUp.Limit(pool, promised, input.Now, policy)
        select new PlacementBin(member.Name, limited.Sku, limited.NodesByFreeGpus);

    private PlacementRegion Region(RegionSpec region)
    {
        var coming = input.Runs
            .Where(run => InFlight.HasTarget(run.Step) && run.Move?.Target.Region == region.Name)
            .Sum(run => Site(run, region.Name, run.Move!.Target.Store).IngestBytes);
        return new PlacementRegion(region.Name, Math.Max(0, IngestLimit(region) - coming));
    }

    private long IngestLimit(RegionSpec region) =>
        Whole(region.RestoreMegabytesPerSecond * 1e6 * policy.RecoveryWindow.TotalSeconds, 0, 1e17, $"restore bandwidth of region {region.Name}");

    private PlacementRun Run(RunState run, MoveCause cause)
    {
        var sites = ImmutableArray.CreateBuilder<PlacementSite>();
        var reasons = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var region in input.Fleet.Regions.Select(region => region.Name).Where(region => run.Spec.Regions.IsEmpty || run.Spec.Regions.Contains(region)))
        {
            if (TargetStore.In(region, run.Spec, input.Fleet) is { } store)
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
            Skus = [.. run.Spec.Skus.Where(throughput.ContainsKey).Distinct().Select(sku => new SkuChoice(sku, throughput[sku]))],
            Sites = sites.ToImmutable(),
            RegionReasons = reasons.ToImmutable(),
            Excluded = [.. run.Distrusted.Where(distrust => distrust.Until > input.Now).Select(Exclusion), .. refusals[run.Uid]],
            PreferredRegions = run.Spec.Prefer,
            PreferredMember = cause == MoveCause.Restart ? run.Epoch?.Target.Member : null,
        };
    }

    private static MemberExclusion Exclusion(Distrust distrust) =>
        new(distrust.Member, $"distrusted until {distrust.Until:yyyy-MM-dd HH:mm:ss}Z: {distrust.Reason}");

    private PlacementSite Site(RunState run, string region, string store)
    {
        var transfers = ImmutableArray.CreateBuilder<Transfer>();
        var holders = CheckpointBytes.Holders(run, name => regionOfStore.TryGetValue(name, out var home) && closedRegions.ContainsKey(home))
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
