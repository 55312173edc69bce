using Failover.Silo.Hosting;

namespace Failover.Silo.Tests.Hosting;

public sealed class FleetFileTests
{
    private static readonly string Examples = Path.Combine(AppContext.BaseDirectory, "examples");

    [Fact]
    public void Load_TheExample_HasPathsRelativeToIt()
    {
        var fleet = FleetFile.Load(Path.Combine(Examples, "fleet.yaml"));

        Assert.Equal(Path.Combine(Examples, "kubeconfigs/eastus-a.yaml"), fleet.Members[0].Kubeconfig);
        Assert.Equal("/mnt/checkpoints/east", fleet.Stores[0].Path);
    }

    [Fact]
    public void Load_NoSuchFile_SaysSo() =>
        Assert.Contains("no-such-fleet.yaml", Assert.Throws<FleetFileException>(() => FleetFile.Load(Path.Combine(Examples, "no-such-fleet.yaml"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_NotAFleet_ListsEveryFault()
    {
        var fault = Assert.Throws<FleetFileException>(() => FleetFile.Load(Path.Combine(Examples, "run.yaml")));
        Assert.Contains("kind: is \"TrainingRun\"; write Fleet", fault.Message, StringComparison.Ordinal);
        Assert.Contains("installation: is missing", fault.Message, StringComparison.Ordinal);
    }
}
