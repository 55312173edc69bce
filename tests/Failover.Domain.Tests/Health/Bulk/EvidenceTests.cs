using System.Globalization;

namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>Does it cry wolf? Set FAILOVER_EVIDENCE_HOURS (24) and FAILOVER_EVIDENCE_MEMBERS (200) to play at full size, FAILOVER_SEED to replay.</summary>
public sealed class EvidenceTests(ITestOutputHelper output)
{
    private static readonly double Hours = Number("FAILOVER_EVIDENCE_HOURS", 1.25);
    private static readonly int Members = (int)Number("FAILOVER_EVIDENCE_MEMBERS", 24);
    private static readonly int Seed = (int)Number("FAILOVER_SEED", 1);

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void Fleet_ThroughAllThatGoesWrong_LosesNobodyButTheDead(int sites)
    {
        var world = Play(Seed, sites, EvidenceMutant.None);

        output.WriteLine(Report(world, sites));
        Assert.True(world.FalseLosses.Count == 0, $"FAILOVER_SEED={Seed}: {string.Join('\n', world.FalseLosses.Take(20))}");
        Assert.Equal(0, world.FalsePermits);
        Assert.All(world.Members.Where(member => member is { HadWitness: true, HasBeats: true }), member => Assert.False(double.IsNaN(member.LostAt), $"{member.Name} was not found lost"));
    }

    [Theory]
    [InlineData(EvidenceMutant.HysteresisOff)]
    [InlineData(EvidenceMutant.CanaryOff)]
    [InlineData(EvidenceMutant.QuorumOfTheLiving)]
    [InlineData(EvidenceMutant.ProgressIgnored)]
    [InlineData(EvidenceMutant.PausesForgotten)]
    [InlineData(EvidenceMutant.LagIgnored)]
    public void Fleet_WithAGuardTakenAway_IsCaught(EvidenceMutant mutant)
    {
        for (var seed = Seed; seed < Seed + 30; seed++)
        {
            var world = Play(seed, 3, mutant);
            if (world.FalseLosses.Count == 0)
                continue;
            output.WriteLine($"{mutant}: caught by seed {seed} at {world.FalseLosses[0]}");
            return;
        }

        Assert.Fail($"No play caught {mutant}.");
    }

    [Theory]
    [InlineData(EvidenceMutant.None)]
    [InlineData(EvidenceMutant.BrakeOff)]
    public void Fleet_OutOfReachAllAtOnceWithTheStoresAnswering_IsHeldByTheBrakeAlone(EvidenceMutant mutant)
    {
        var world = new EvidenceWorld(new EvidenceScale(Seed, Members, 3, TimeSpan.FromSeconds(EvidencePlan.Calm + 300), 0) { MassAlarm = true }, mutant);
        world.Run();

        output.WriteLine($"{mutant}: called Lost {world.FalseLosses.Count}, permits {world.FalsePermits}");
        Assert.NotEmpty(world.FalseLosses);
        Assert.Equal(mutant == EvidenceMutant.BrakeOff, world.FalsePermits > 0);
    }

    /// <summary>At the defaults: heartbeats every 5 s, one probe a second, three sites.</summary>
    [Fact]
    public void Region_LostAtAnyMoment_IsSuspectWithinFourAndLostWithinTwentySeconds()
    {
        var (suspected, lost) = (new List<double>(), new List<double>());
        var phases = new Random(Seed);
        for (var number = 0; number < 50; number++)
        {
            var (region, at) = (number % EvidenceScale.Regions, 60 + (phases.NextDouble() * 20));
            var world = new EvidenceWorld(
                new EvidenceScale(Seed + number, EvidenceScale.Regions, 3, TimeSpan.FromSeconds(at + 30), 0) { RegionLoss = (region, at) }, EvidenceMutant.None);
            world.Run();
            Assert.Empty(world.FalseLosses);
            suspected.Add(world.RegionSuspectedAt - at);
            lost.Add(world.RegionLostAt - at);
        }

        output.WriteLine($"50 region losses: suspected {Spread(suspected, 50)}; lost {Spread(lost, 50)}");
        Assert.All(suspected, delay => Assert.InRange(delay, 0, 4));
        Assert.All(lost, delay => Assert.InRange(delay, 0, 20));
    }

    private static EvidenceWorld Play(int seed, int sites, EvidenceMutant mutant)
    {
        var world = new EvidenceWorld(new EvidenceScale(seed, Members, sites, TimeSpan.FromHours(Hours), Math.Max(Members / 5, 1)), mutant);
        world.Run(toFirstFalseLoss: mutant != EvidenceMutant.None);
        return world;
    }

    private static string Report(EvidenceWorld world, int sites)
    {
        var dead = world.Members.Where(member => member.Death is not null).ToList();
        var beating = dead.Where(member => member.HadWitness && member.HasBeats).ToList();
        return string.Join('\n',
            $"{Members} members, {Hours} h, {sites} site(s), seed {Seed}: {world.Steps} looks of witnesses",
            $"false Lost {world.FalseLosses.Count}, false permits {world.FalsePermits}",
            $"true losses with runs that had been stepping, and beat: {Delays(beating)}",
            $"true losses with commits only: {Delays(dead.Where(member => member.HadWitness && !member.HasBeats))}",
            $"true losses without a run that had been stepping, which nothing can tell from an outage: {Delays(dead.Where(member => !member.HadWitness))}");
    }

    private static string Delays(IEnumerable<FleetMember> dead)
    {
        var all = dead.ToList();
        return all.Count == 0
            ? "none"
            : $"Suspect {Spread(all.Select(member => member.SuspectedAt - member.Death!.Value.From), all.Count)}; Lost {Spread(all.Select(member => member.LostAt - member.Death!.Value.From), all.Count)}";
    }

    private static string Spread(IEnumerable<double> delays, int count)
    {
        var found = delays.Where(delay => !double.IsNaN(delay)).Order().ToList();
        return found.Count == 0 ? $"0/{count}" : $"{found.Count}/{count}, median {found[found.Count / 2]:0.0} s, worst {found[^1]:0.0} s";
    }

    private static double Number(string name, double fallback) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : fallback;
}
