namespace Failover.Storage.Checkpoints;

/// <summary>A lock a name. Holds nothing for names that nobody has.</summary>
internal sealed class KeyedLock
{
    private readonly Dictionary<string, (SemaphoreSlim Turn, int Users)> _turns = new(StringComparer.Ordinal);

    /// <summary>Waits for one's turn; dispose of what it answers to end it.</summary>
    public async Task<IDisposable> EnterAsync(string name, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn;
        lock (_turns)
        {
            var (known, users) = _turns.GetValueOrDefault(name);
            turn = known ?? new SemaphoreSlim(1);
            _turns[name] = (turn, users + 1);
        }

        try
        {
            await turn.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(name);
            throw;
        }
        return new Turn(this, name, turn);
    }

    private void Leave(string name)
    {
        lock (_turns)
        {
            var (turn, users) = _turns[name];
            if (users > 1)
            {
                _turns[name] = (turn, users - 1);
                return;
            }
            _turns.Remove(name);
            turn.Dispose();
        }
    }

    private sealed class Turn(KeyedLock owner, string name, SemaphoreSlim turn) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
                return;
            turn.Release();
            owner.Leave(name);
        }
    }
}
