using System.Collections.Concurrent;
using Failover.Domain.Health;

namespace Failover.Abstractions.Ports;

/// <summary>
/// What this silo met when it last asked each checkpoint store, for people. A memory aid, not a state: empty after a start, and nothing is decided by it. Whoever needs a store asks
/// it, and hears for himself. Thread-safe.
/// </summary>
public sealed class StoreBoard
{
    private readonly ConcurrentDictionary<string, StoreWord> words = new(StringComparer.Ordinal);

    /// <summary>The last word on a store; <see langword="null"/> before the first.</summary>
    public StoreWord? Of(string store) => words.GetValueOrDefault(store);

    /// <summary>Puts a word up; answers whether it differs from the last one in more than its detail.</summary>
    public bool Post(string store, bool reached, string detail, DateTimeOffset at)
    {
        var answer = reached ? Answer.Yes : Answer.No;
        var known = Of(store);
        var same = known?.Answer == answer;
        words[store] = new StoreWord(answer, same ? known!.Since : at, detail);
        return !same;
    }

    /// <summary>It left the fleet file, or is another by now.</summary>
    public void Forget(string store) => words.TryRemove(store, out _);
}

/// <summary>Whether a store answered, since when that has been so without a break, and what came instead.</summary>
public sealed record StoreWord(Answer Answer, DateTimeOffset Since, string Detail);
