using System.Net;

namespace Failover.Silo.Api;

/// <summary>Until there are roles, whoever reaches the API may do anything: so only this machine may.</summary>
public static class ApiBinding
{
    /// <summary>Throws <see cref="InvalidOperationException"/>, naming the address and the way out, unless every one of the addresses is of the loopback.</summary>
    public static void Validate(IEnumerable<string> urls)
    {
        foreach (var url in urls.SelectMany(list => list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            if (!IsLoopback(url))
            {
                throw new InvalidOperationException(
                    $"The API would listen on {url}, which others can reach, and it has no roles yet to tell them apart. " +
                    "Listen on loopback, such as http://127.0.0.1:7070, and reach it from elsewhere through an SSH tunnel.");
            }
        }
    }

    // Kestrel takes http://*:80 and http://+:80 for every address, and so it does any host name that is neither an address nor localhost.
    private static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && (string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}
