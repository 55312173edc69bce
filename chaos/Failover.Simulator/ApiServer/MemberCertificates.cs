using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Failover.Simulator.ApiServer;

/// <summary>A member's own authority, and what it signed. All of it lives in memory and as long as the member.</summary>
internal sealed class MemberCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _until;

    public MemberCertificates(string member, IReadOnlyList<string> hostNames, bool expired)
    {
        // Certificates are judged by the machine's clock, whatever time the simulation has.
        var now = TimeProvider.System.GetUtcNow();
        _from = now.AddDays(-3);
        _until = now.AddYears(10);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={member}-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _authority = request.CreateSelfSigned(_from, _until);
        Server = Sign("kube-apiserver", hostNames, "1.3.6.1.5.5.7.3.1", expired ? now.AddDays(-1) : _until);
    }

    public X509Certificate2 Server { get; }

    /// <summary>The authority's certificate, as kubeconfigs carry it.</summary>
    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>A client certificate whose common name is the user's.</summary>
    public X509Certificate2 Client(string user) => Sign(user, [], "1.3.6.1.5.5.7.3.2", _until);

    public bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    public void Dispose()
    {
        Server.Dispose();
        _authority.Dispose();
    }

    private X509Certificate2 Sign(string commonName, IReadOnlyList<string> hostNames, string usage, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (hostNames.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var name in hostNames)
            {
                if (IPAddress.TryParse(name, out var address))
                    names.AddIpAddress(address);
                else
                    names.AddDnsName(name);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = request.Create(_authority, _from, until, RandomNumberGenerator.GetBytes(16));
        using var withKey = signed.CopyWithPrivateKey(key);

        // Through PKCS #12, since TLS wants a key that it can open again.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), password: null);
    }
}
