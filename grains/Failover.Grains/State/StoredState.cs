namespace Failover.Grains.State;

/// <summary>The one way in which a grain stores what it decided.</summary>
internal static class StoredState
{
    /// <summary>
    /// Makes <paramref name="next"/> the row, by a conditional write. Where that fails, or nobody knows whether it did, memory is ahead of the store: the activation ends,
    /// and the next one reads what is true. The failure is thrown on.
    /// </summary>
    public static async Task StoreAsync<TState>(this IPersistentState<TState> row, TState next, IGrainBase grain)
    {
        row.State = next;
        try
        {
            await row.WriteStateAsync();
        }
        catch
        {
            grain.DeactivateOnIdle();
            throw;
        }
    }
}
