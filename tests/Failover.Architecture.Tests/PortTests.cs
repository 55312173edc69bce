using System.Reflection;
using Failover.Abstractions.Ports;
using Failover.Grains;

namespace Failover.Architecture.Tests;

/// <summary>Only the effect runner's and the observers' side holds ports: a grain decides and stores, and never acts (I3).</summary>
public sealed class PortTests
{
    private const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Type[] Ports = [typeof(ICheckpointStores), typeof(ICheckpointStore), typeof(IMemberClients), typeof(IMemberClient)];

    private static readonly string[] Holders = ["Failover.Grains.Effects", "Failover.Grains.Observers"];

    private static readonly Type[] Types = [.. typeof(GrainsHosting).Assembly.GetTypes()];

    [Fact]
    public void Ports_AreHeldByEffectsAndObserversOnly()
    {
        var holders = Types.Where(HoldsPort).ToList();

        Assert.Empty(holders.Where(type => !Holders.Contains(type.Namespace)).Select(type => type.FullName));
        // The rule would hold of an empty house as well.
        Assert.All(Holders, name => Assert.Contains(holders, type => type.Namespace == name));
    }

    [Fact]
    public void Grains_HoldNoPortAndNothingThatHoldsOne()
    {
        var holders = Types.Where(HoldsPort).ToHashSet();
        var grains = Types.Where(type => type.IsSubclassOf(typeof(Grain))).ToList();

        Assert.Equal(4, grains.Count);
        Assert.Empty(grains.Where(grain => Held(grain).Any(type => Ports.Contains(type) || holders.Contains(type))).Select(grain => grain.FullName));
    }

    [Fact]
    public void Grains_AreInternalAndSealed() => Assert.All(Types.Where(type => type.IsSubclassOf(typeof(Grain))), grain => Assert.True(grain.IsSealed && grain.IsNotPublic, grain.Name));

    [Fact]
    public void HoldsPort_OfAClassWithOne_IsTrue()
    {
        Assert.True(HoldsPort(typeof(TakesOne)));
        Assert.True(HoldsPort(typeof(KeepsOne)));
        Assert.True(HoldsPort(typeof(MakesOne)));
        Assert.False(HoldsPort(typeof(PortTests)));
    }

    /// <summary>A grain decides nothing, so it is short; what makes it long belongs into the domain.</summary>
    [Fact]
    public void GrainFiles_AreShort()
    {
        var files = Projects.FilesOf("grains/Failover.Grains", "*Grain.cs").ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(File.ReadLines(file.FullName).Count() <= 170, $"{file.Name} is too long for a shell."));
    }

    [Fact]
    public void DomainFiles_NameNeitherTasksNorClocksNorRandom()
    {
        string[] banned = ["async ", "Task<", "DateTimeOffset.UtcNow", "TimeProvider", "Guid.NewGuid", "System.IO", "CancellationToken"];
        var files = Projects.FilesOf("grains/Failover.Domain", "*.cs").ToList();

        var wrong = from file in files
                    from line in File.ReadLines(file.FullName)
                    where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && banned.Any(word => line.Contains(word, StringComparison.Ordinal))
                    select $"{file.Name}: {line.Trim()}";

        Assert.NotEmpty(files);
        Assert.Empty(wrong);
    }

    private static bool HoldsPort(Type type) => Held(type).Any(Ports.Contains);

    private static IEnumerable<Type> Held(Type type) =>
        type.GetConstructors(All).SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.ParameterType)
            .Concat(type.GetFields(All).Select(field => field.FieldType))
            .SelectMany(held => held.IsGenericType ? held.GetGenericArguments().Prepend(held) : [held]);

    private sealed class TakesOne(IMemberClients clients)
    {
        public string Name => clients.Get("east-1").Name;
    }

    private sealed class KeepsOne
    {
        public ICheckpointStore? Store { get; set; }
    }

    private sealed class MakesOne(Func<ICheckpointStore> open)
    {
        public string Name => open().Name;
    }
}
