using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>Whether a caller may do what it asks for: by its role here, or by the roles that are stored on the member and bound to it.</summary>
internal sealed class Authorizer(ObjectStore store)
{
    private const string AccountPrefix = "system:serviceaccount:";

    public bool May(Caller caller, string verb, RequestTarget target) => May(
        caller, verb, target.Kind.Group, target.Subresource.Length == 0 ? target.Kind.Plural : $"{target.Kind.Plural}/{target.Subresource}", target.Namespace, target.Name);

    public bool May(Caller caller, string verb, string group, string resource, string ns, string name)
    {
        if (caller.Role != MemberRole.Bound)
            return caller.May(verb);
        var wanted = verb == "apply" ? "patch" : verb;
        return RulesOf(caller, ns).Any(rule =>
            Has(rule, "verbs", wanted) && Has(rule, "apiGroups", group) && Has(rule, "resources", resource)
            && (rule.Strings("resourceNames").ToList() is not [_, ..] names || names.Contains(name)));
    }

    private IEnumerable<JsonObject> RulesOf(Caller caller, string ns)
    {
        var everywhere = store.All(ResourceKind.ClusterRoleBinding).Where(binding => IsFor(binding, caller));
        var here = store.All(ResourceKind.RoleBinding).Where(binding => ns.Length > 0 && binding.Namespace == ns && IsFor(binding, caller));
        foreach (var binding in everywhere.Concat(here))
        {
            var reference = binding.Tree.Obj("roleRef");
            var role = reference.Str("kind") == "Role"
                ? store.Find(ResourceKind.Role, binding.Namespace, reference.Str("name") ?? "")
                : store.Find(ResourceKind.ClusterRole, "", reference.Str("name") ?? "");
            foreach (var rule in role?.Tree.Objects("rules") ?? [])
                yield return rule;
        }
    }

    private static bool IsFor(StoredObject binding, Caller caller) => binding.Tree.Objects("subjects").Any(subject => subject.Str("kind") switch
    {
        "ServiceAccount" => caller.Name == $"{AccountPrefix}{subject.Str("namespace")}:{subject.Str("name")}",
        "User" => caller.Name == subject.Str("name"),
        "Group" => subject.Str("name") is "system:authenticated"
            || (caller.Name.StartsWith(AccountPrefix, StringComparison.Ordinal) && subject.Str("name") is "system:serviceaccounts"),
        _ => false,
    });

    private static bool Has(JsonObject rule, string list, string wanted) => rule.Strings(list).Any(one => one == "*" || one == wanted);
}
