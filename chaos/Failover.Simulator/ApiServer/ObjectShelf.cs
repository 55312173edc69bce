namespace Failover.Simulator.ApiServer;

/// <summary>One type's objects and history.</summary>
internal sealed class ObjectShelf(long horizon)
{
    private readonly List<Change> _history = [];

    public SortedDictionary<ObjectKey, StoredObject> Objects { get; } = new(ObjectKey.Order);

    public HashSet<ChangeSignal> Signals { get; } = [];

    /// <summary>Changes after this revision are all in the history.</summary>
    public long Horizon { get; private set; } = horizon;

    public void Append(Change change, int limit)
    {
        _history.Add(change);
        if (_history.Count > limit)
        {
            // A quarter at a time, so that appending stays cheap.
            var dropped = limit / 4;
            Horizon = _history[dropped - 1].Revision;
            _history.RemoveRange(0, dropped);
        }

        foreach (var signal in Signals)
            signal.Raise();
    }

    public IReadOnlyList<Change> After(long revision)
    {
        var from = _history.Count;
        while (from > 0 && _history[from - 1].Revision > revision)
            from--;
        return from == _history.Count ? [] : _history[from..];
    }
}
