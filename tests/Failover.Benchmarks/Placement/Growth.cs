using System.Diagnostics;
using System.Globalization;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>How time and memory grow with the candidates: one pricing pass, and the problem's bytes, from 30,000 to 2,400,000.</summary>
internal static class Growth
{
    private static readonly string[] Names = ["C-1800x40-r0.95-s1", "C-3000x80-r0.95-s1", "C-6000x120-r0.95-s1", "C-12000x160-r0.95-s1", "C-20000x200-r0.95-s1", "C-32000x200-r0.95-s1"];

    public static void Run(TextWriter output)
    {
        var points = new List<(double Candidates, double Seconds, double Bytes)>();
        // The compiler looks at a loop again while it runs.
        Passes(Build(Names[0], out _), 3_000);
        foreach (var name in Names)
        {
            var problem = Build(name, out var bytes);
            var seconds = Passes(problem, 101);
            points.Add((problem.Candidates, seconds, bytes));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-24} {problem.Candidates,9} candidates  {seconds * 1e3,8:0.000} ms a pass  {bytes / problem.Candidates,5:0.0} bytes a candidate"));
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"exponent of time {Exponent(points, point => point.Seconds):0.00}, of bytes {Exponent(points, point => point.Bytes):0.00}"));
    }

    private static GangProblem Build(string name, out double bytes)
    {
        var text = Generator.Make(name);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var problem = text.Build();
        bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(text);
        return problem;
    }

    /// <summary>The median of so many passes, in seconds.</summary>
    private static double Passes(GangProblem problem, int count)
    {
        var ascent = new PriceAscent(problem, null);
        var times = new double[count];
        for (var pass = 0; pass < times.Length; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            ascent.Pass(0);
            times[pass] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    /// <summary>The slope of the least-squares line through the logarithms.</summary>
    private static double Exponent(List<(double Candidates, double Seconds, double Bytes)> points, Func<(double Candidates, double Seconds, double Bytes), double> of)
    {
        var x = points.Average(point => Math.Log(point.Candidates));
        var y = points.Average(point => Math.Log(of(point)));
        return points.Sum(point => (Math.Log(point.Candidates) - x) * (Math.Log(of(point)) - y)) / points.Sum(point => Math.Pow(Math.Log(point.Candidates) - x, 2));
    }
}
