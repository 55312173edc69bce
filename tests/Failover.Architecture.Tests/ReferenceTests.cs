using System.Reflection;
using Failover.Abstractions.Ports;
using Failover.Domain.Migration;
using Failover.Grains;
using Failover.Silo.Hosting;

namespace Failover.Architecture.Tests;

/// <summary>References go one way (docs/architecture.md), in the project files and in what the compiler made of them.</summary>
public sealed class ReferenceTests
{
    /// <summary>What each project may reference. A project that is not listed here is a decision that nobody has taken yet.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Failover.Domain"] = [],
        ["Failover.Abstractions"] = ["Failover.Domain"],
        ["Failover.Grains"] = ["Failover.Abstractions"],
        ["Failover.Kubernetes"] = ["Failover.Abstractions"],
        ["Failover.Azure"] = ["Failover.Abstractions"],
        ["Failover.Storage"] = ["Failover.Abstractions"],
        ["Failover.Protocol"] = [],
        ["Failover.Cli"] = ["Failover.Protocol"],
        ["Failover.Silo"] = ["Failover.Grains", "Failover.Kubernetes", "Failover.Azure", "Failover.Storage", "Failover.Protocol"],
        ["Failover.Simulator"] = [],
        ["Failover.Chaos"] = ["Failover.Simulator", "Failover.Silo", "Failover.Protocol", "Failover.Storage", "Failover.Cli"],
    };

    /// <summary>Test projects without a source project of their name, and why there are any.</summary>
    private static readonly Dictionary<string, string> TestsOfTheirOwn = new()
    {
        ["Failover.Architecture.Tests"] = "looks at all projects",
        ["Failover.Storage.Writer"] = "a process that the storage tests kill while it writes",
        ["Failover.Benchmarks"] = "measures, asserts nothing",
    };

    [Fact]
    public void Projects_EachOne_ReferencesOnlyWhatItMay()
    {
        var wrong = from project in Projects.Sources
                    from reference in project.Value
                    where !Allowed.TryGetValue(project.Key, out var may) || !may.Contains(reference)
                    select $"{project.Key} -> {reference}";

        Assert.Empty(wrong);
        Assert.Empty(Projects.Sources.Keys.Except(Allowed.Keys));
    }

    [Fact]
    public void Assemblies_OfTheSilo_ReferenceOnlyWhatTheirProjectsReach()
    {
        foreach (var assembly in Ours())
        {
            var name = assembly.GetName().Name!;
            // The command line's program has the name that people type.
            var reached = Reach(name == "failover" ? "Failover.Cli" : name);
            var used = assembly.GetReferencedAssemblies().Select(reference => reference.Name!).Where(IsOurs);
            Assert.Empty(used.Except(reached).Select(reference => $"{name} -> {reference}"));
        }
    }

    [Theory]
    [InlineData("Orleans.Runtime")]
    [InlineData("Orleans.Core")]
    [InlineData("KubernetesClient")]
    [InlineData("Azure")]
    [InlineData("Microsoft.Extensions")]
    [InlineData("Microsoft.Data")]
    [InlineData("Grpc")]
    [InlineData("Polly")]
    public void Domain_KnowsNothingOfTheOutside(string library) => AssertKnowsNot(typeof(RunState).Assembly, library);

    [Theory]
    [InlineData("KubernetesClient")]
    [InlineData("Azure")]
    [InlineData("Microsoft.Data")]
    [InlineData("Grpc")]
    public void GrainsAndTheirPorts_KnowNoAdapter(string library)
    {
        AssertKnowsNot(typeof(ICheckpointStore).Assembly, library);
        AssertKnowsNot(typeof(GrainsHosting).Assembly, library);
    }

    [Fact]
    public void Domain_Packages_AreNone() => Assert.DoesNotContain("PackageReference", File.ReadAllText(Path.Combine(Projects.Root.FullName, "grains/Failover.Domain/Failover.Domain.csproj")), StringComparison.Ordinal);

    [Fact]
    public void Tests_EachProject_MirrorsASourceProject()
    {
        var strays = Projects.Tests.Where(name => !TestsOfTheirOwn.ContainsKey(name) && !Projects.Sources.ContainsKey(name.Replace(".Tests", "", StringComparison.Ordinal)));

        Assert.Empty(strays);
    }

    [Fact]
    public void Sources_EachProject_HasItsTests()
    {
        // Generated from a contract: those who speak it test it.
        var untested = Projects.Sources.Keys.Except(["Failover.Abstractions", "Failover.Protocol"]).Where(name => !Projects.Tests.Contains($"{name}.Tests"));

        Assert.Empty(untested);
    }

    [Fact]
    public void Solution_EachProject_IsInIt()
    {
        var solution = File.ReadAllText(Path.Combine(Projects.Root.FullName, "Failover.sln"));

        Assert.DoesNotContain(Projects.Sources.Keys.Concat(Projects.Tests), name => !solution.Contains($"{name}.csproj", StringComparison.Ordinal));
    }

    private static void AssertKnowsNot(Assembly assembly, string library) =>
        Assert.DoesNotContain(assembly.GetReferencedAssemblies(), name => name.Name!.StartsWith(library, StringComparison.Ordinal));

    private static bool IsOurs(string name) => name.StartsWith("Failover.", StringComparison.Ordinal);

    /// <summary>All of our assemblies that the silo and the command line are made of.</summary>
    private static Dictionary<string, Assembly>.ValueCollection Ours()
    {
        var found = new Dictionary<string, Assembly>();
        var open = new Queue<Assembly>([typeof(SiloHost).Assembly, Assembly.Load("failover"), Assembly.Load("Failover.Chaos"), Assembly.Load("Failover.Simulator")]);
        while (open.TryDequeue(out var assembly))
        {
            if (!found.TryAdd(assembly.GetName().Name!, assembly))
                continue;
            foreach (var name in assembly.GetReferencedAssemblies().Where(name => IsOurs(name.Name!)))
                open.Enqueue(Assembly.Load(name));
        }
        return found.Values;
    }

    private static HashSet<string> Reach(string project)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>(Projects.Sources[project]);
        while (open.TryDequeue(out var name))
        {
            if (!reached.Add(name))
                continue;
            foreach (var further in Projects.Sources[name])
                open.Enqueue(further);
        }
        return reached;
    }
}
