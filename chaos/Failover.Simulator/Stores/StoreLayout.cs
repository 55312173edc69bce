using System.Globalization;
using System.Text.RegularExpressions;

namespace Failover.Simulator.Stores;

/// <summary>A slot that was found in a store.</summary>
public sealed record FoundSlot(string Tenant, string Uid, int Epoch, int Slot, string Path);

/// <summary>Finds what docs/trainer-contract.md places in a store, in the store's own directory, past every mount.</summary>
internal static partial class StoreLayout
{
    /// <summary>All slots of a store, by tenant, uid, epoch and slot.</summary>
    public static IEnumerable<FoundSlot> Slots(string storeDirectory) =>
        from tenant in Folders(storeDirectory)
        from run in Folders(tenant)
        where UidPattern().IsMatch(Path.GetFileName(run))
        from slot in Slots(run, Path.GetFileName(tenant), Path.GetFileName(run))
        select slot;

    /// <summary>One run's slots, by epoch and slot.</summary>
    public static IEnumerable<FoundSlot> Slots(string runDirectory, string tenant, string uid) =>
        from folder in Folders(runDirectory)
        let epoch = Number(Path.GetFileName(folder), "e")
        where epoch is not null
        orderby epoch
        from slot in Numbered(Path.Combine(folder, "commits")).OrderBy(s => s.Number)
        select new FoundSlot(tenant, uid, epoch.Value, slot.Number, slot.Path);

    /// <summary>All files of a store below a folder named <c>pins</c> of a run or of the store itself.</summary>
    public static IEnumerable<string> Pins(string storeDirectory)
    {
        var folders = from tenant in Folders(storeDirectory)
                      from run in Folders(tenant)
                      where UidPattern().IsMatch(Path.GetFileName(run))
                      select Path.Combine(run, "pins");
        return folders.Append(Path.Combine(storeDirectory, "pins")).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => !Path.GetFileName(f).StartsWith(StoreMount.TemporaryPrefix, StringComparison.Ordinal));
    }

    /// <summary>The number behind a prefix: 3 of <c>e3</c>; null where the name is anything else.</summary>
    public static int? Number(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? n
            : null;

    private static IEnumerable<(int Number, string Path)> Numbered(string commits) =>
        !Directory.Exists(commits) ? [] :
        from path in Directory.EnumerateFiles(commits)
        let number = Number(Path.GetFileName(path), "")
        where number is not null
        select (number.Value, path);

    private static IEnumerable<string> Folders(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal) : [];

    [GeneratedRegex("^[a-z0-9]{26}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UidPattern();
}
