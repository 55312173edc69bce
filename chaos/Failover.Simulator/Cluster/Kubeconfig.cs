using System.Text;

namespace Failover.Simulator.Cluster;

/// <summary>Writes the file by which real clients find a member.</summary>
internal static class Kubeconfig
{
    public static string Write(string path, string member, Uri endpoint, string authorityPem, string user, string token)
    {
        var authority = Convert.ToBase64String(Encoding.ASCII.GetBytes(authorityPem));
        File.WriteAllText(
            path,
            $"""
            apiVersion: v1
            kind: Config
            current-context: {member}
            clusters:
            - name: {member}
              cluster:
                server: {endpoint.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {authority}
            users:
            - name: {user}
              user:
                token: {token}
            contexts:
            - name: {member}
              context:
                cluster: {member}
                user: {user}

            """);
        return path;
    }
}
