using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Failover.Simulator.ApiServer;

/// <summary>Who is asking.</summary>
internal sealed record Caller(string Name, MemberRole Role)
{
    public static Caller Anonymous { get; } = new("system:anonymous", MemberRole.Forbidden);

    public bool May(string verb) => Role switch
    {
        MemberRole.Admin => true,
        MemberRole.ReadOnly => verb is "get" or "list" or "watch",
        _ => false,
    };
}

/// <summary>A member's users, by bearer token or by a client certificate of its authority.</summary>
internal sealed class Users
{
    private readonly ConcurrentDictionary<string, Caller> _byToken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemberRole> _roles = new(StringComparer.Ordinal);

    public Users(IEnumerable<(string Name, MemberRole Role)> users)
    {
        foreach (var (name, role) in users)
        {
            _tokens.Add(name, NewToken(name, role));
            _roles.Add(name, role);
        }
    }

    /// <summary>A token of its own for a service account of the member; older ones stay good.</summary>
    public string NewAccountToken(string ns, string account) => NewToken($"system:serviceaccount:{ns}:{account}", MemberRole.Bound);

    private string NewToken(string name, MemberRole role)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _byToken[token] = new Caller(name, role);
        return token;
    }

    /// <summary>The user's bearer token; throws <see cref="ArgumentException"/> if there is no such user.</summary>
    public string TokenOf(string user) => _tokens.TryGetValue(user, out var token) ? token : throw new ArgumentException($"no user {user}", nameof(user));

    /// <summary>Throws a 401 if credentials were given that mean nobody.</summary>
    public Caller Authenticate(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            var known = _byToken.GetValueOrDefault(header["Bearer ".Length..].Trim());
            return known is null || known.Role == MemberRole.Expired ? throw ApiException.Unauthorized() : known;
        }

        if (context.Connection.ClientCertificate is { } certificate)
        {
            var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            var role = _roles.GetValueOrDefault(name, MemberRole.Forbidden);
            return role == MemberRole.Expired ? throw ApiException.Unauthorized() : new Caller(name, role);
        }

        return Caller.Anonymous;
    }
}
