namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>From one second, inclusive, to another, exclusive.</summary>
internal readonly record struct Span(double From, double To, int Kind = 0);

/// <summary>Spans of one fault, asked in the order of time.</summary>
internal sealed class Spans(IEnumerable<Span> spans)
{
    private readonly Span[] all = [.. spans.OrderBy(span => span.From)];
    private int next;

    public IReadOnlyList<Span> All => all;

    /// <summary>The span that holds at <paramref name="at"/>; the earliest of several. Callers may look back by less than a minute.</summary>
    public Span? At(double at)
    {
        while (next < all.Length && all[next].To <= at - 60)
            next++;
        for (var index = next; index < all.Length && all[index].From <= at; index++)
        {
            if (at < all[index].To)
                return all[index];
        }

        return null;
    }

    public bool Holds(double at) => At(at) is not null;
}
