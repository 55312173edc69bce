using Failover.Chaos.Checking;
using Failover.Chaos.Recording;
using Failover.Chaos.Reporting;
using Failover.Chaos.Silos;
using Failover.Chaos.Worlds;
using Failover.Domain.Health;
using Failover.Simulator.History;

namespace Failover.Chaos.Scenarios;

/// <summary>One play of a scenario: where it is to leave its record, and with which mutant of the silo, if any.</summary>
public sealed record ScenarioOrder(Scenario Scenario, int Seed, string Folder, string HistoryPath, string? Mutant);

/// <summary>Builds the world, starts the silo, plays, ends everything, and judges the record.</summary>
public static class ScenarioRun
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>Plays a scenario to its judgement. Throws <see cref="WorldStartException"/> where the world could not be started.</summary>
    public static async Task<ChaosReport> PlayAsync(ScenarioOrder order, IProgressView view, TimeProvider time, CancellationToken cancellationToken)
    {
        var plan = WorldPlan.Draw(order.Seed, order.Scenario.Training);
        var picture = new Picture(time);
        var rows = new RowFollower(Path.Combine(order.Folder, World.DataFolderName));
        IReadOnlyList<Judgement> expectations;
        ISet<string> mayWait;
        using (var history = HistoryWriter.Create(order.HistoryPath, time, picture.Take))
        {
            (expectations, mayWait) = await PlayInWorldAsync(order, plan, history, picture, rows, view, time, cancellationToken);
        }
        var recordPlan = new RecordPlan(
            order.Scenario.Name, order.Seed, plan.Planned(), Budget(plan, rows.Rows), [.. mayWait], order.Scenario.ExpectsZombies);
        await RecordFiles.WriteAsync(order.HistoryPath, recordPlan, rows.Entries, CancellationToken.None);
        var written = rows.Rows;
        var record = new Record(recordPlan.Runs, picture.Events, written.Runs, written.Members, written.Brakes);
        return ChaosReport.Of(record, recordPlan, expectations);
    }

    private static async Task<(IReadOnlyList<Judgement> Expectations, ISet<string> MayWait)> PlayInWorldAsync(
        ScenarioOrder order, WorldPlan plan, HistoryWriter history, Picture picture, RowFollower rows, IProgressView view, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var world = await StartWorldAsync(order, plan, history, time, cancellationToken);
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var silo = new SiloProcess(world, order.Mutant, time);
        using var stage = new Stage(world, silo, rows, picture, time);
        var background = Task.WhenAll(stage.FollowAsync(following.Token), view.ShowAsync(picture, following.Token));
        try
        {
            silo.Start();
            await silo.WaitUntilReadyAsync(cancellationToken);
            picture.Say($"the silo answers at {silo.Address}");
            try
            {
                await order.Scenario.PlayAsync(stage, cancellationToken);
            }
            catch (ScenarioException fault)
            {
                stage.Expect("scenario", "the script came to its end", false, fault.Message);
            }
            await silo.KillAsync();
        }
        finally
        {
            await following.CancelAsync();
            await background.WaitAsync(EndPatience, time, CancellationToken.None);
        }
        await stage.LookAsync(cancellationToken);
        world.ScanStores();
        return (stage.Expectations, stage.MayWait);
    }

    private static async Task<World> StartWorldAsync(ScenarioOrder order, WorldPlan plan, HistoryWriter history, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await World.StartAsync(plan, order.Folder, history, time, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            throw new WorldStartException($"The world could not be started: {fault.Message}", fault);
        }
    }

    /// <summary>What the silo's own defaults allow, of the GPUs and runs that were there when all first ran.</summary>
    private static BrakeBudget Budget(WorldPlan plan, RowsWritten rows)
    {
        var policy = new BrakePolicy();
        var homes = rows.Runs.Where(write => write.Row.Epoch is { Number: 1 }).GroupBy(write => write.Row.Uid).Select(group => group.First().Row);
        var byRegion = homes.GroupBy(run => run.Epoch!.Target.Region).ToDictionary(group => group.Key, group => group.Sum(run => run.Spec.Gang.Total));
        return new BrakeBudget(policy.Window, policy.ShareMax, plan.Runs.Sum(run => run.Gpus), byRegion, policy.RunShareMax, plan.Runs.Count);
    }
}
