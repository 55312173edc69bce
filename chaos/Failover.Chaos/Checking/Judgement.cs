namespace Failover.Chaos.Checking;

/// <summary>What came of one check: how much it looked at, and what it found wrong.</summary>
/// <param name="Name">The invariant's number, or the check's name.</param>
/// <param name="Title">In a few words.</param>
/// <param name="Observations">How many things it looked at; a check that saw nothing says so.</param>
/// <param name="Violations">What it found wrong, each a sentence that names the records.</param>
public sealed record Judgement(string Name, string Title, int Observations, IReadOnlyList<string> Violations)
{
    /// <summary>Nothing was found wrong.</summary>
    public bool Held => Violations.Count == 0;
}

/// <summary>Collects what one check looks at.</summary>
internal sealed class Verdicts(string name, string title)
{
    /// <summary>Beyond this many a check has made its point.</summary>
    private const int ViolationsMax = 50;

    private readonly List<string> _violations = [];
    private int _observations;

    /// <summary>Looks at one thing.</summary>
    public void Expect(bool holds, Func<string> otherwise)
    {
        _observations++;
        if (!holds && _violations.Count < ViolationsMax)
            _violations.Add(otherwise());
    }

    public Judgement Done() => new(name, title, _observations, _violations);
}
