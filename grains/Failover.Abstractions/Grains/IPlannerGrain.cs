namespace Failover.Abstractions.Grains;

/// <summary>The planner. Key: <c>planner</c>. Its input is derived from stored rows in every pass, so it remembers nothing.</summary>
[Alias("failover.planner")]
public interface IPlannerGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "planner";

    /// <summary>One pass over all rows; a pass that is under way answers for those that come meanwhile.</summary>
    [Alias("plan")]
    Task PlanAsync();
}
