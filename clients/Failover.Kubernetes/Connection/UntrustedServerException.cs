using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Failover.Domain.Health;

namespace Failover.Kubernetes.Connection;

/// <summary>A server's certificate is not one that we trust, and why: the platform's own exception says that in words only.</summary>
internal sealed class UntrustedServerException(ApiTrouble trouble, string message) : AuthenticationException(message)
{
    public ApiTrouble Trouble { get; } = trouble;

    /// <summary>Accepts what the platform found no fault with, and throws for all else. Of several faults the authority's is told before the time's, and that before the name's.</summary>
    public static bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        var faults = chain?.ChainStatus.Select(status => status.Status).Where(status => status != X509ChainStatusFlags.NoError).ToList() ?? [];
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && faults is [X509ChainStatusFlags.NotTimeValid])
        {
            throw new UntrustedServerException(
                ApiTrouble.CertificateExpired, $"its certificate is valid from {certificate?.GetEffectiveDateString()} to {certificate?.GetExpirationDateString()}");
        }

        throw errors == SslPolicyErrors.RemoteCertificateNameMismatch
            ? new UntrustedServerException(ApiTrouble.WrongHostName, $"its certificate is for {NamesOf(certificate)}")
            : new UntrustedServerException(
                ApiTrouble.WrongAuthority, $"its certificate, issued by {certificate?.Issuer ?? "nobody"}, is not trusted: {errors} ({string.Join(", ", faults)})");
    }

    private static string NamesOf(X509Certificate? certificate)
    {
        var names = (certificate as X509Certificate2)?.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null
            ? certificate?.Subject ?? "nobody"
            : string.Join(", ", names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
    }
}
