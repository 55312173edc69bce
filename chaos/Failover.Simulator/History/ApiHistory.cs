using Failover.Simulator.ApiServer;

namespace Failover.Simulator.History;

/// <summary>Writes every answered request to the history.</summary>
public sealed class ApiHistory(HistoryWriter history) : IApiObserver
{
    /// <inheritdoc/>
    public void OnRequest(ApiCall call) => history.Write(new ApiCallSeen(call));
}
