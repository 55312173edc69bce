namespace Failover.Domain.Health;

/// <summary>Why calls to a member's API come to nothing. None of these is a loss by itself: most are to be mended on our side.</summary>
public enum ApiTrouble
{
    /// <summary>They don't.</summary>
    None,

    /// <summary>Nothing answers at its address, or not in time.</summary>
    Unreachable,

    /// <summary>Its address has a host name that nobody knows.</summary>
    NoSuchHost,

    /// <summary>Its certificate is of an authority that the kubeconfig does not name.</summary>
    WrongAuthority,

    /// <summary>Its certificate is of the right authority, and for another host.</summary>
    WrongHostName,

    /// <summary>Its certificate is of the right authority, and out of its time by our clock.</summary>
    CertificateExpired,

    /// <summary>The kubeconfig, or what it refers to, can't be read or used.</summary>
    NoCredentials,

    /// <summary>401: it does not know us, or no longer.</summary>
    CredentialsRefused,

    /// <summary>403: it knows us, and does not let us.</summary>
    NotPermitted,

    /// <summary>It answers with errors of its own, or says that it is not ready.</summary>
    Unwell,

    /// <summary>429: it asks us to come back later.</summary>
    Overloaded,
}

/// <summary>A trouble with what was said of it.</summary>
public sealed record SightLoss(ApiTrouble Trouble, string Detail);

/// <summary>What to tell an operator of each trouble.</summary>
public static class ApiTroubles
{
    /// <summary>What it means and what to do; empty for none.</summary>
    public static string Advice(ApiTrouble trouble) => trouble switch
    {
        ApiTrouble.None => "",
        ApiTrouble.Unreachable => "Nothing answers at its address. See whether it is up, and whether the network lets us there.",
        ApiTrouble.NoSuchHost => "Nobody knows its host name. If the cluster was deleted, take it out of the fleet file; else mend the address in its kubeconfig, or the DNS.",
        ApiTrouble.WrongAuthority => "Its certificate is of another authority than its kubeconfig's. Fetch the kubeconfig anew; if that changes nothing, somebody stands in between.",
        ApiTrouble.WrongHostName => "Its certificate is for another host name. Use a name in the kubeconfig that the certificate has, or set tls-server-name.",
        ApiTrouble.CertificateExpired => "Its certificate is out of its time. Renew it there, or set our clock right.",
        ApiTrouble.NoCredentials => "Its kubeconfig can't be used. Mend the file; it is read again by itself.",
        ApiTrouble.CredentialsRefused => "It refuses our credentials (401). Renew them in its kubeconfig; it is read again by itself.",
        ApiTrouble.NotPermitted => "Our account there lacks rights (403). Apply silo/Failover.Silo/deploy/member-rbac.yaml there.",
        ApiTrouble.Unwell => "Its API server answers with errors. Look at its control plane.",
        ApiTrouble.Overloaded => "Its API server asks us to come back later (429). Look at what loads it.",
        _ => throw new ArgumentOutOfRangeException(nameof(trouble), trouble, null),
    };
}
