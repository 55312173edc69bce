using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Planning;
using Failover.Grains.Observers;
using Failover.Grains.State;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Planning;

/// <summary>Reads what the planner plans from. One an activation: it numbers the snapshots, and tells once what the fleet file lacks.</summary>
internal sealed partial class PlannerRows(StateReader rows, FleetBook fleets, PreflightBoard preflights, TimeProvider time, ILogger<PlannerRows> logger)
{
    private readonly HashSet<(string What, string Name)> _gapsTold = [];

    /// <summary>A plan is only ever held against the rows that it names.</summary>
    private long _snapshot;

    /// <summary>What there is to plan from, and the uids of runs whose rows can't be read: nothing is decided about those.</summary>
    public async Task<(PlannerInput Input, ImmutableArray<string> Unknown)> ReadAsync()
    {
        var fleet = fleets.Current;
        var now = time.GetUtcNow();
        var (runs, unknown) = await rows.ReadRunRowsAsync(CancellationToken.None);
        var members = await rows.ReadMembersAsync(CancellationToken.None);
        foreach (var gap in FleetGaps.Find(fleet, runs, members).Where(gap => _gapsTold.Add((gap.What, gap.Name))))
            LogGap(gap.What, gap.Name, gap.Runs);
        var input = new PlannerInput
        {
            Now = now,
            SnapshotVersion = ++_snapshot,
            Fleet = fleet,
            Runs = [.. runs.Where(run => !run.IsTombstone || !run.PendingSeals.IsEmpty || !run.Pins.IsEmpty)],
            // A member that the fleet file no longer lists keeps its row, and is nobody's to ask.
            Members = [.. members.Where(member => fleet.FindMember(member.Name) is not null)],
            Preflights = preflights.Findings(runs, members),
        };
        return (input, [.. unknown]);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The fleet file no longer lists {What} {Name}, which {Runs} runs need: nobody watches it, and what is there is neither swept nor read. Put it back until they have left it")]
    private partial void LogGap(string what, string name, int runs);
}
