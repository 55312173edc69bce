using Failover.Domain.Documents;
using Failover.Domain.Fleet;
using Failover.Silo.Yaml;

namespace Failover.Silo.Hosting;

/// <summary>Reads the fleet file.</summary>
public static class FleetFile
{
    /// <summary>The fleet, with relative paths made relative to the file. Throws <see cref="FleetFileException"/> with every fault of the file.</summary>
    public static FleetSpec Load(string path)
    {
        try
        {
            return Read(File.ReadAllText(path), path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FleetFileException($"{path}: {fault.Message}", fault);
        }
    }

    /// <summary>The same of what was read from there already.</summary>
    public static FleetSpec Read(string text, string path)
    {
        var yaml = YamlReader.Read(text);
        var result = yaml.Faults.IsEmpty ? FleetSpecReader.Read(yaml.Document) : new FleetSpecResult(null, yaml.Faults);
        if (result.Fleet is not { } fleet)
            throw FleetFileException.Of(path, result.Faults);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return fleet with
        {
            Members = [.. fleet.Members.Select(member => member.InCluster ? member : member with { Kubeconfig = Path.Combine(folder, member.Kubeconfig) })],
            Stores = [.. fleet.Stores.Select(store => store with { Path = Path.Combine(folder, store.Path) })],
        };
    }
}

/// <summary>The fleet file can't be read, or says what can't be.</summary>
public sealed class FleetFileException : Exception
{
    /// <summary>An exception that lists the faults, a line each.</summary>
    internal static FleetFileException Of(string path, IEnumerable<Fault> faults) =>
        new(string.Join(Environment.NewLine, faults.Select(fault => $"{path}: {fault}")));

    /// <summary>An exception that says nothing more.</summary>
    public FleetFileException() { }

    /// <summary>An exception that lists the faults.</summary>
    public FleetFileException(string message) : base(message) { }

    /// <summary>An exception that says what the file system said.</summary>
    public FleetFileException(string message, Exception innerException) : base(message, innerException) { }
}
