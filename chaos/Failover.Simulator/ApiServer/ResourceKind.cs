using System.Text;

namespace Failover.Simulator.ApiServer;

/// <summary>One resource type that an API server serves.</summary>
internal sealed record ResourceKind(string Group, string Version, string Plural, string Kind, bool Namespaced, bool CountsGeneration = false, bool IsCustom = false)
{
    public static readonly ResourceKind Namespace = new("", "v1", "namespaces", "Namespace", Namespaced: false);
    public static readonly ResourceKind Node = new("", "v1", "nodes", "Node", Namespaced: false);
    public static readonly ResourceKind Pod = new("", "v1", "pods", "Pod", Namespaced: true, CountsGeneration: true);
    public static readonly ResourceKind Job = new("batch", "v1", "jobs", "Job", Namespaced: true, CountsGeneration: true);
    public static readonly ResourceKind Lease = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);
    public static readonly ResourceKind CustomResourceDefinition =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false, CountsGeneration: true);

    public static readonly ResourceKind ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", Namespaced: true);
    public static readonly ResourceKind ResourceQuota = new("", "v1", "resourcequotas", "ResourceQuota", Namespaced: true);
    public static readonly ResourceKind PriorityClass = new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", Namespaced: false);
    public static readonly ResourceKind RuntimeClass = new("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", Namespaced: false);

    public static readonly ResourceKind ClusterRole = Authorization("clusterroles", "ClusterRole", namespaced: false);
    public static readonly ResourceKind ClusterRoleBinding = Authorization("clusterrolebindings", "ClusterRoleBinding", namespaced: false);
    public static readonly ResourceKind Role = Authorization("roles", "Role", namespaced: true);
    public static readonly ResourceKind RoleBinding = Authorization("rolebindings", "RoleBinding", namespaced: true);

    /// <summary>What every member serves; custom resources come on top.</summary>
    public static readonly IReadOnlyList<ResourceKind> BuiltIn =
    [
        Namespace, Node, Pod, Job, Lease, CustomResourceDefinition, ServiceAccount, ResourceQuota, PriorityClass, RuntimeClass,
        ClusterRole, ClusterRoleBinding, Role, RoleBinding,
        new("", "v1", "configmaps", "ConfigMap", Namespaced: true),
        new("", "v1", "secrets", "Secret", Namespaced: true),
        new("", "v1", "events", "Event", Namespaced: true),
    ];

    private static ResourceKind Authorization(string plural, string kind, bool namespaced) => new("rbac.authorization.k8s.io", "v1", plural, kind, namespaced);

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As error messages name the resource: <c>jobs.batch</c>.</summary>
    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>As error messages name the kind: <c>Job.batch</c>.</summary>
    public string QualifiedKind => Group.Length == 0 ? Kind : $"{Kind}.{Group}";

    /// <summary>The opening of a single object's JSON, up to its own members.</summary>
    public ReadOnlyMemory<byte> Head { get; } =
        Encoding.UTF8.GetBytes($"{{\"kind\":\"{Kind}\",\"apiVersion\":\"{(Group.Length == 0 ? Version : $"{Group}/{Version}")}\",");
}
