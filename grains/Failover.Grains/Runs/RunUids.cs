using System.Security.Cryptography;

namespace Failover.Grains.Runs;

/// <summary>
/// Uids of runs: ten characters of time, to the millisecond, and sixteen that are random, in Crockford's base 32 as ULIDs are, but in lower case as
/// Kubernetes' labels and stores' paths like them. They sort by time.
/// </summary>
internal static class RunUids
{
    public const int Length = 26;

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TimeCharacters = 10;

    public static string New(DateTimeOffset now) =>
        string.Create(Length, now.ToUnixTimeMilliseconds(), static (uid, milliseconds) =>
        {
            for (var index = TimeCharacters - 1; index >= 0; index--, milliseconds >>= 5)
                uid[index] = Alphabet[(int)(milliseconds & 31)];
            RandomNumberGenerator.GetItems<char>(Alphabet, uid[TimeCharacters..]);
        });

    /// <summary>Whether it could be one; names of runs could be, too.</summary>
    public static bool IsUid(string text) => text.Length == Length && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9'));
}
