namespace Failover.Simulator.ApiServer;

/// <summary>What a resource path names.</summary>
internal sealed record RequestTarget(ResourceKind Kind, string Namespace, string Name, string Subresource)
{
    /// <summary>
    /// Reads a path below /api or /apis. Null if no such group and version is served, which the real server answers
    /// with a plain 404; throws a Status of 404 if the group is served but has no such resource.
    /// </summary>
    public static RequestTarget? Parse(string path, KindRegistry kinds)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, version, rest) = parts switch
        {
            ["api", var v, .. var r] => ("", v, r),
            ["apis", var g, var v, .. var r] => (g, v, r),
            _ => ("", "", []),
        };
        if (version.Length == 0 || !kinds.Serves(group, version) || rest.Length == 0)
            return null;

        // Namespaces are both a resource and the prefix of others.
        var ns = "";
        if (rest is ["namespaces", var within, var below, ..] && below is not ("status" or "finalize"))
        {
            ns = within;
            rest = rest[2..];
        }

        var kind = kinds.Find(group, version, rest[0]);
        if (kind is null || rest.Length > 3 || (!kind.Namespaced && ns.Length > 0))
            throw ApiException.NoSuchResource();
        return new RequestTarget(kind, ns, rest.Length > 1 ? rest[1] : "", rest.Length > 2 ? rest[2] : "");
    }
}
