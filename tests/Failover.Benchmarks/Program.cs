using System.CommandLine;
using BenchmarkDotNet.Running;
using Failover.Benchmarks.Placement;

var instances = new Argument<string[]>("files") { Description = "Instance files, or names like F-2000x50-r0.95-s1 to be generated.", Arity = ArgumentArity.OneOrMore };
var deadlines = new Option<string>("--deadlines") { Description = "Seconds, by commas.", DefaultValueFactory = _ => "0.1,0.3,1,5" };
var steps = new Option<long?>("--steps") { Description = "A budget in steps of work instead of deadlines: the same plan on any machine." };
var seed = new Option<long>("--seed") { Description = "Of the solver's random numbers.", DefaultValueFactory = _ => 1 };
var strict = new Option<bool>("--strict-tiers") { Description = "No run of a tier is given up for those below." };
var plans = new Option<string?>("--plans") { Description = "A folder to write each plan to, as NAME.DEADLINE.json." };
var json = new Option<string?>("--json") { Description = "A file for all measurements." };
var plot = new Option<string?>("--plot") { Description = "An SVG file: gap against time." };
var reference = new Option<string?>("--reference") { Description = "Bounds known from elsewhere; by default REFERENCE.csv beside the instance." };
var warm = new Option<bool>("--warm") { Description = "Solve again after half of the largest bin has gone." };
var processor = new Option<bool>("--processor-time") { Description = "Deadlines count this process's processor time: for a machine that others are at work on." };
var against = new Option<string[]>("--against") { Description = "ortools: CP-SAT, HiGHS and GLOP as well. greedy: today's ways as well.", AllowMultipleArgumentsPerToken = true };

var placement = new Command("placement", "Value, bound and gap of plans, over instances and deadlines.") { instances, deadlines, steps, seed, strict, plans, json, plot, reference, warm, processor, against };
placement.SetAction(parsed => new PlacementBenchmark(
    new BenchmarkOptions
    {
        Instances = parsed.GetRequiredValue(instances),
        Deadlines = [.. parsed.GetRequiredValue(deadlines).Split(',').Select(double.Parse)],
        Steps = parsed.GetValue(steps),
        Seed = parsed.GetValue(seed),
        StrictTiers = parsed.GetValue(strict),
        Plans = parsed.GetValue(plans),
        Json = parsed.GetValue(json),
        Plot = parsed.GetValue(plot),
        Reference = parsed.GetValue(reference),
        Warm = parsed.GetValue(warm),
        ProcessorTime = parsed.GetValue(processor),
        AgainstOrTools = parsed.GetValue(against)?.Contains("ortools") ?? false,
        AgainstBaselines = parsed.GetValue(against)?.Contains("greedy") ?? false,
    },
    Console.Out).Run());

var name = new Argument<string>("name") { Description = "CLASS-RUNSxCLUSTERS-rRATIO-sSEED, of class F, FM or C." };
var file = new Argument<string>("file") { Description = "Gzipped if it ends in .gz." };
var export = new Command("export", "Writes a generated instance to a file that others can solve.") { name, file };
export.SetAction(parsed => Generator.Make(parsed.GetRequiredValue(name)).Save(parsed.GetRequiredValue(file)));

var count = new Option<int>("--count") { Description = "How many instances.", DefaultValueFactory = _ => 200 };
var alone = new Option<bool>("--alone") { Description = "Only time to the proof: CP-SAT is not asked." };
var limit = new Option<double>("--seconds") { Description = "The most for a proof, of either prover.", DefaultValueFactory = _ => 20 };
var agree = new Command("agree", "Small generated instances of class F: the solver's optimum against CP-SAT's.") { count, alone, limit, processor };
agree.SetAction(parsed => Agreement.Run(parsed.GetValue(count), parsed.GetValue(limit), parsed.GetValue(alone), parsed.GetValue(processor), Console.Out));

var prove = new Option<double>("--seconds") { Description = "The most for a bound.", DefaultValueFactory = _ => 60 };
var bounds = new Command("bounds", "Bounds that GLOP or SCIP prove, as a file for --reference.") { instances, prove };
bounds.SetAction(parsed => ReferenceBounds.Run(parsed.GetRequiredValue(instances), parsed.GetValue(prove), Console.Out));

var growth = new Command("growth", "Time of a pricing pass, and bytes, against the number of candidates.");
growth.SetAction(_ => Growth.Run(Console.Out));

var loops = new Command("loops", "The inner loops, by BenchmarkDotNet.");
loops.SetAction(_ => BenchmarkRunner.Run<InnerLoops>());

try
{
    return new RootCommand("Measures; asserts nothing but that plans are sound.") { placement, bounds, agree, export, growth, loops }
        .Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InvalidDataException fault)
{
    Console.Error.WriteLine(fault.Message);
    return 2;
}
