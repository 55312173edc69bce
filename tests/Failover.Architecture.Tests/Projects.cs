using System.Xml.Linq;

namespace Failover.Architecture.Tests;

/// <summary>The project files as they lie in the repository.</summary>
internal static class Projects
{
    public static DirectoryInfo Root { get; } = FindRoot();

    /// <summary>Every project outside of tests/, by name, with the names of the projects that it references.</summary>
    public static IReadOnlyDictionary<string, string[]> Sources { get; } =
        ((string[])["grains", "clients", "silo", "chaos"])
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root.FullName, folder), "*.csproj", SearchOption.AllDirectories))
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), References);

    /// <summary>The names of the projects under tests/.</summary>
    public static string[] Tests { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root.FullName, "tests"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file))];

    /// <summary>A project's source files, generated ones not included.</summary>
    public static IEnumerable<FileInfo> FilesOf(string folder, string pattern) =>
        new DirectoryInfo(Path.Combine(Root.FullName, folder)).EnumerateFiles(pattern, SearchOption.AllDirectories)
            .Where(file => !file.FullName.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    private static string[] References(string project) =>
        [.. XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!))];

    private static DirectoryInfo FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Failover.sln")))
                return folder;
        }
        throw new InvalidOperationException($"There is no Failover.sln above {AppContext.BaseDirectory}.");
    }
}
