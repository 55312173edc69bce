using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>What to measure, and where to put it.</summary>
internal sealed record BenchmarkOptions
{
    public required IReadOnlyList<string> Instances { get; init; }

    /// <summary>In seconds; the first feasible plan is always measured as well.</summary>
    public double[] Deadlines { get; init; } = [0.1, 0.3, 1, 5];

    /// <summary>Instead of deadlines: a budget in steps, for plans that are the same anywhere.</summary>
    public long? Steps { get; init; }

    public long Seed { get; init; } = 1;

    public bool StrictTiers { get; init; }

    public string? Plans { get; init; }

    public string? Json { get; init; }

    public string? Plot { get; init; }

    public string? Reference { get; init; }

    /// <summary>Solve once more after a bin has changed, with the prices and the plan of before.</summary>
    public bool Warm { get; init; }

    /// <summary>Deadlines count processor time, not elapsed time.</summary>
    public bool ProcessorTime { get; init; }

    public bool AgainstOrTools { get; init; }

    public bool AgainstBaselines { get; init; }
}

/// <summary>Solves instances under deadlines, checks every plan, and tells what it found.</summary>
internal sealed class PlacementBenchmark(BenchmarkOptions options, TextWriter output)
{
    private readonly List<Measurement> all = [];
    private readonly Dictionary<string, double> references = [];
    private readonly HashSet<string> referencesRead = [];

    /// <summary>0: every plan is sound; 1: one is not.</summary>
    public int Run()
    {
        output.WriteLine(Report.Header);
        var sound = true;
        foreach (var source in options.Instances)
        {
            ReadReference(options.Reference ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source))!, "REFERENCE.csv"));
            var instance = Instance.Load(source);
            sound &= options.Steps is { } steps ? Replay(instance, steps) : Solve(instance);
            if (options.AgainstBaselines)
                Compare(instance);
            if (options.AgainstOrTools)
                Ask(instance);
        }

        if (options.Json is { } json)
            Report.WriteJson(json, all);
        if (options.Plot is { } plot)
            Report.WritePlot(plot, all);
        return sound ? 0 : 1;
    }

    private void ReadReference(string path)
    {
        if (!referencesRead.Add(path) || !File.Exists(path))
            return;
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            // Only the last of the fields that are read could hold a quoted comma.
            var fields = line.Split(',');
            if (double.TryParse(fields[4], CultureInfo.InvariantCulture, out var bound))
                references[fields[0]] = bound;
        }
    }

    private bool Solve(Instance instance)
    {
        GangSolver.Solve(instance.Problem, Budget(1), Options());
        var sound = true;
        GangPlan? last = null;
        foreach (var deadline in options.Deadlines.Prepend(0).Distinct())
        {
            last = Measure(instance, instance.Problem, "Failover", deadline, Options(), out var passes);
            sound &= passes;
        }

        return sound && (!options.Warm || last is null || SolveAgain(instance, last));
    }

    private bool Replay(Instance instance, long steps)
    {
        var clock = Stopwatch.StartNew();
        var plan = GangSolver.Solve(instance.Problem, new WorkBudget(steps), Options());
        Add(instance.Name, "Failover", steps, clock.Elapsed.TotalSeconds, plan.Value, plan.Bound);
        Save(instance.Name, $"{steps}steps", null, clock.Elapsed.TotalSeconds, plan);
        return Passes(instance.Name, instance.Problem, plan);
    }

    /// <summary>Half of the largest bin is gone.</summary>
    private bool SolveAgain(Instance instance, GangPlan before)
    {
        var problem = instance.Problem;
        var largest = Enumerable.Range(0, problem.Bins).MaxBy(bin => problem.Capacity[bin * GangProblem.Levels]);
        var changed = problem.WithHalfOf(largest);
        var sound = true;
        foreach (var deadline in (double[])[0.05, 0.1, 1])
        {
            Measure(instance, changed, "Failover, warm", deadline, Options() with { Prices = before.Prices, Plan = before.BinOf }, out var passes);
            sound &= passes;
        }

        Measure(instance, changed, "Failover, cold", 5, Options(), out var fits);
        return sound & fits;
    }

    private ISolveBudget Budget(double seconds) => options.ProcessorTime ? new ProcessorBudget(seconds) : new WallClockBudget(seconds);

    private GangSolveOptions Options() => new() { Seed = options.Seed, StrictTiers = options.StrictTiers };

    private GangPlan Measure(Instance instance, GangProblem problem, string engine, double deadline, GangSolveOptions how, out bool sound)
    {
        GC.Collect();
        Memory.ResetPeak();
        var processor = ProcessorBudget.Now;
        var clock = Stopwatch.StartNew();
        var plan = GangSolver.Solve(problem, Budget(deadline), how);
        var seconds = options.ProcessorTime ? ProcessorBudget.Now - processor : clock.Elapsed.TotalSeconds;
        Add(instance.Name, engine, deadline, seconds, plan.Value, plan.Bound, ReferenceEquals(problem, instance.Problem));
        if (ReferenceEquals(problem, instance.Problem) && deadline > 0)
            Save(instance.Name, deadline.ToString(CultureInfo.InvariantCulture), deadline, seconds, plan);
        sound = Passes(instance.Name, problem, plan);
        return plan;
    }

    private bool Passes(string name, GangProblem problem, GangPlan plan)
    {
        var faults = GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value);
        foreach (var fault in faults)
            output.WriteLine($"{name}: {fault}");
        return faults.IsEmpty;
    }

    private void Compare(Instance instance)
    {
        foreach (var (name, make) in Baselines.All)
        {
            var clock = Stopwatch.StartNew();
            var plan = make(instance.Problem);
            Add(instance.Name, name, 0, clock.Elapsed.TotalSeconds, plan.Value, null);
        }
    }

    private void Ask(Instance instance)
    {
        Add(instance.Name, OrTools.Linear(instance.Problem, "GLOP", 60), 60);
        foreach (var deadline in options.Deadlines)
        {
            Add(instance.Name, OrTools.CpSat(instance.Problem, deadline, 1), deadline);
            Add(instance.Name, OrTools.Linear(instance.Problem, "HIGHS", deadline), deadline);
        }
    }

    private void Add(string name, OrTools.Answer answer, double deadline) =>
        Add(name, answer.Engine, deadline, answer.Seconds, answer.Value, double.IsFinite(answer.Bound) ? answer.Bound : null);

    private void Add(string name, string engine, double deadline, double seconds, double value, double? bound, bool known = true)
    {
        var reference = known && references.TryGetValue(name, out var given) ? given : (double?)null;
        var one = new Measurement(name, engine, deadline, seconds, value, bound, reference, Memory.PeakMB());
        all.Add(one);
        output.WriteLine(Report.Row(one));
    }

    /// <summary>One plan, for others to check. Without a deadline it is a replay, and its file is named by the budget in steps.</summary>
    private void Save(string name, string budget, double? deadline, double seconds, GangPlan plan)
    {
        if (options.Plans is not { } folder)
            return;
        Directory.CreateDirectory(folder);
        using var file = File.Create(Path.Combine(folder, $"{name.Replace(':', '-')}.{budget}.json"));
        using var json = new Utf8JsonWriter(file);
        json.WriteStartObject();
        json.WriteString("instance", name);
        if (deadline is { } given)
            json.WriteNumber("deadline", given);
        else
            json.WriteNull("deadline");
        json.WriteNumber("seconds", seconds);
        json.WriteNumber("value", plan.Value);
        json.WriteNumber("bound", plan.Bound);
        json.WriteNumber("peakMB", Memory.PeakMB());
        json.WriteStartArray("assignment");
        foreach (var bin in plan.BinOf)
            json.WriteNumberValue(bin);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
