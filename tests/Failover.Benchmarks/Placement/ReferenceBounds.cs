using System.Globalization;

namespace Failover.Benchmarks.Placement;

/// <summary>Bounds that OR-Tools' engines prove, in the shape of REFERENCE.csv: made by a process of its own, so that the one that is measured holds none of them.</summary>
internal static class ReferenceBounds
{
    /// <summary>Above, and where incumbents may migrate, HiGHS does not end within minutes.</summary>
    private const int WholeRunsMax = 5_000;

    private const double SecondsMax = 60;

    /// <summary>Writes one line a source: the name that a measurement gives it, and the bound.</summary>
    public static int Run(IEnumerable<string> sources, TextWriter output)
    {
        output.WriteLine("instance,engine,seconds,value,upper_bound");
        foreach (var source in sources)
        {
            var instance = Instance.Load(source);
            var answer = Ask(instance);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{instance.Name},{answer.Engine},{answer.Seconds:0.0},{answer.Value:0},{Math.Floor(answer.Bound):0}"));
        }

        return 0;
    }

    private static OrTools.Answer Ask(Instance instance)
    {
        var relaxed = OrTools.Linear(instance.Problem, "GLOP", SecondsMax);
        if (instance.Class != "F" || instance.Problem.Runs > WholeRunsMax)
            return relaxed;
        var whole = OrTools.Linear(instance.Problem, "HIGHS", SecondsMax);
        return whole.Bound < relaxed.Bound ? whole : relaxed;
    }
}
