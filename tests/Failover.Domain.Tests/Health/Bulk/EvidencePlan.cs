namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>How much is played. <paramref name="Losses"/>: members that truly die.</summary>
internal sealed record EvidenceScale(int Seed, int Members, int Sites, TimeSpan Length, int Losses)
{
    /// <summary>Nothing goes wrong but that all is out of reach at once, heartbeats too, though the stores answer us.</summary>
    public bool MassAlarm { get; init; }

    /// <summary>Nothing goes wrong but that this region dies, at that second.</summary>
    public (int Region, double At)? RegionLoss { get; init; }

    public bool IsCalm => MassAlarm || RegionLoss is not null;

    public const int Regions = 8;

    public double Seconds => Length.TotalSeconds;
}

/// <summary>What goes wrong, and when: drawn once, before anything is played.</summary>
internal sealed class EvidencePlan
{
    /// <summary>Nothing goes wrong before this second, so that paces are learnt.</summary>
    public const double Calm = 900;

    private const double ThickestDay = 0.4;

    private readonly Random random;
    private readonly EvidenceScale scale;

    public EvidencePlan(EvidenceScale scale)
    {
        this.scale = scale;
        random = new Random(scale.Seed);
        Deaths = [.. Enumerable.Range(0, scale.Members).Select(_ => (Span?)null)];
        foreach (var member in Pick(scale.Members, scale.Losses))
            Deaths[member] = Death();
        if (scale.RegionLoss is { } loss)
            Deaths = [.. Deaths.Select((_, member) => member % EvidenceScale.Regions == loss.Region ? (Span?)new Span(loss.At, double.MaxValue) : null)];
        if (scale.MassAlarm)
            MassAlarm = new Span(Calm, Calm + 120);
        Outages = [.. ForEach(scale.Members, () => Draw(perDay: 3, 60, 1_800))];
        BrownOuts = [.. ForEach(scale.Members, () => Draw(perDay: 6, 20, 300, kinds: 3))];
        NodesGone = [.. ForEach(scale.Members, () => Draw(perDay: 1, 120, 900))];
        StoreStalls = [.. ForEach(EvidenceScale.Regions, () => Draw(perDay: 6, 15, 180))];
        Cuts = [.. ForEach(scale.Sites, () => Draw(perDay: 10, 30, 600, kinds: 1 << EvidenceScale.Regions))];
        Pauses = [.. ForEach(scale.Sites, () => Draw(perDay: 10, 45, 45))];
        Mute = [.. ForEach(scale.Sites, () => Draw(perDay: 4, 30, 300))];
        Restarts = [.. ForEach(scale.Sites, () => Draw(perDay: 4, 5, 20))];
        StaleViews = Stale(scale.Sites);
        ClockJumps = [.. ForEach(scale.Sites, () => Draw(perDay: 10, 600, 3_600, kinds: 7_200))];
    }

    /// <summary>When a member is truly gone.</summary>
    public Span?[] Deaths { get; }

    /// <summary>Its API answers nobody, though its nodes run.</summary>
    public Spans[] Outages { get; }

    /// <summary>Its API answers slowly (0), or with 429 (1), or with 5xx (2).</summary>
    public Spans[] BrownOuts { get; }

    /// <summary>Most of its kubelets are gone, its API is not, and its runs' trainers still step.</summary>
    public Spans[] NodesGone { get; }

    /// <summary>A region's store answers nobody.</summary>
    public Spans[] StoreStalls { get; }

    /// <summary>A site reaches none of the regions of the mask (kind), neither APIs nor stores.</summary>
    public Spans[] Cuts { get; }

    /// <summary>A site's process stands still.</summary>
    public Spans[] Pauses { get; }

    /// <summary>A site can't tell anything.</summary>
    public Spans[] Mute { get; }

    /// <summary>A site's process is not there, and starts with empty memory after.</summary>
    public Spans[] Restarts { get; }

    /// <summary>A site reaches no API, and its mounts show stores as they were, its own canary among them. Only where other sites can tell: one alone can't know.</summary>
    public Spans[] StaleViews { get; private set; }

    /// <summary>All is out of reach at once, in both ways.</summary>
    public Span? MassAlarm { get; }

    /// <summary>A site's clock is so many seconds (kind − 3600) off.</summary>
    public Spans[] ClockJumps { get; }

    private static Spans[] ForEach(int count, Func<Spans> draw) => Enumerable.Range(0, count).Select(_ => draw()).ToArray();

    /// <summary>Meanwhile the others stand still for a part of it: what is left is one site, and it is wrong.</summary>
    private Spans[] Stale(int sites)
    {
        if (sites == 1 || scale.IsCalm)
            return [.. ForEach(sites, () => new Spans([]))];
        var spans = Enumerable.Range(0, sites).Select(_ => new List<Span>()).ToArray();
        for (var number = 0; number < 3; number++)
        {
            var (site, from) = (random.Next(sites), Calm + (random.NextDouble() * (scale.Seconds - Calm - 200)));
            spans[site].Add(new Span(from, from + 90));
            foreach (var other in Enumerable.Range(0, sites).Where(other => other != site))
                Pauses[other] = new Spans([.. Pauses[other].All, new Span(from + 10, from + 55)]);
        }

        return [.. spans.Select(list => new Spans(list))];
    }

    private Span Death()
    {
        var from = Calm + (random.NextDouble() * (scale.Seconds - Calm - 1_800));
        return new Span(from, from + 1_200 + (random.NextDouble() * 2_400));
    }

    private Spans Draw(double perDay, double shortest, double longest, int kinds = 1)
    {
        if (scale.IsCalm)
            return new Spans([]);
        // A short play is a thick one, so that faults still meet.
        var expected = perDay * Math.Max(scale.Seconds / 86_400, ThickestDay);
        var count = (int)expected + (random.NextDouble() < expected - (int)expected ? 1 : 0);
        return new Spans(Enumerable.Range(0, count).Select(_ =>
        {
            var from = Calm + (random.NextDouble() * (scale.Seconds - Calm));
            return new Span(from, from + shortest + (random.NextDouble() * (longest - shortest)), random.Next(kinds));
        }));
    }

    private int[] Pick(int of, int count) => Enumerable.Range(0, of).OrderBy(_ => random.Next()).Take(count).ToArray();
}
