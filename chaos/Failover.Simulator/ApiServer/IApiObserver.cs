namespace Failover.Simulator.ApiServer;

/// <summary>Sees every request that an API server answered. Called on the request's path: return at once, never throw.</summary>
public interface IApiObserver
{
    /// <summary>One request was answered; a watch is told when it opens.</summary>
    void OnRequest(ApiCall call);
}

/// <summary>One answered request, for the chaos history.</summary>
/// <param name="Member">The member that answered.</param>
/// <param name="At">When, by the simulator's clock.</param>
/// <param name="User">The authenticated user, or <c>system:anonymous</c>.</param>
/// <param name="Verb">get, list, watch, create, update, patch, apply, delete, deletecollection, or the HTTP method of a non-resource path.</param>
/// <param name="Path">The path without its query.</param>
/// <param name="Resource">The plural resource, with its subresource after a slash; empty for a non-resource path.</param>
/// <param name="Namespace">The namespace, or empty.</param>
/// <param name="Name">The object's name, or empty.</param>
/// <param name="Status">The HTTP status that was answered.</param>
/// <param name="DryRun">Whether the request asked to store nothing.</param>
/// <param name="Labels">For a create, apply or delete of a Job: its labels; else null.</param>
/// <param name="Uid">For a create, apply or delete of a Job: its uid; else null.</param>
public sealed record ApiCall(
    string Member,
    DateTimeOffset At,
    string User,
    string Verb,
    string Path,
    string Resource,
    string Namespace,
    string Name,
    int Status,
    bool DryRun,
    IReadOnlyDictionary<string, string>? Labels,
    string? Uid);
