using System.Globalization;

namespace Failover.Benchmarks.Placement;

/// <summary>Bounds that OR-Tools' engines prove, in the shape of REFERENCE.csv: made by a process of its own, so that the one that is measured holds none of them.</summary>
internal static class ReferenceBounds
{
    /// <summary>Above, SCIP has no bound better than the relaxation's for a long time, and takes gigabytes.</summary>
    private const int WholeCandidatesMax = 100_000;

    /// <summary>Writes one line a source: the name that a measurement gives it, and the lower of the bounds of GLOP and, for so long a time, SCIP.</summary>
    public static int Run(IEnumerable<string> sources, double secondsMax, TextWriter output)
    {
        output.WriteLine("instance,engine,seconds,value,upper_bound");
        foreach (var source in sources)
        {
            var instance = Instance.Load(source);
            var answer = OrTools.Linear(instance.Problem, "GLOP", secondsMax);
            if (instance.Problem.Candidates <= WholeCandidatesMax && OrTools.Linear(instance.Problem, "SCIP", secondsMax) is { } whole && whole.Bound < answer.Bound)
                answer = whole;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{instance.Name},{answer.Engine},{answer.Seconds:0.0},{answer.Value:0},{Math.Floor(answer.Bound + 1e-3):0}"));
        }

        return 0;
    }
}
