using YamlDotNet.RepresentationModel;

namespace Failover.Kubernetes.Tests;

/// <summary>Kubeconfigs with one thing changed.</summary>
internal static class Kubeconfigs
{
    /// <summary>The same clusters, with a token for every user in place of their credentials.</summary>
    public static string WithToken(string kubeconfig, string token) => Changed(
        kubeconfig, "users", "user", user => user.Children.Clear(), ("token", token));

    /// <summary>The same with other fields of every cluster.</summary>
    public static string WithCluster(string kubeconfig, params (string Field, string Value)[] fields) =>
        Changed(kubeconfig, "clusters", "cluster", _ => { }, fields);

    private static string Changed(string kubeconfig, string list, string item, Action<YamlMappingNode> before, params (string Field, string Value)[] fields)
    {
        var yaml = new YamlStream();
        using var reader = new StringReader(kubeconfig);
        yaml.Load(reader);
        foreach (var entry in (YamlSequenceNode)yaml.Documents[0].RootNode[list])
        {
            var body = (YamlMappingNode)entry[item];
            before(body);
            foreach (var (field, value) in fields)
            {
                body.Children[field] = value;
            }
        }

        using var writer = new StringWriter();
        yaml.Save(writer, assignAnchors: false);
        return writer.ToString();
    }
}
