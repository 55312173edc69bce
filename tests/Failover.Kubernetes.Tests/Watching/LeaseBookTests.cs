using Failover.Kubernetes.Watching;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Kubernetes.Tests.Watching;

public sealed class LeaseBookTests
{
    private readonly FakeTimeProvider time = new();
    private readonly LeaseBook book;

    public LeaseBookTests() => book = new LeaseBook(time);

    [Fact]
    public void Silent_FirstSight_CountsFromThen()
    {
        book.Note(Lease("a", renewal: 1));

        time.Advance(TimeSpan.FromSeconds(120));
        Assert.Equal(1, Renewed);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Renewed);
    }

    [Fact]
    public void Silent_ToldAgainUnchanged_IsNoRenewal()
    {
        book.Note(Lease("a", renewal: 1));
        time.Advance(TimeSpan.FromSeconds(100));
        book.Note(Lease("a", renewal: 1));
        time.Advance(TimeSpan.FromSeconds(21));

        Assert.Equal(0, Renewed);
    }

    [Theory]
    // Whatever the node's clock says, also if it runs backwards.
    [InlineData(2)]
    [InlineData(-1_000_000)]
    public void Silent_Changed_IsRenewal(int renewal)
    {
        book.Note(Lease("a", renewal: 1));
        time.Advance(TimeSpan.FromSeconds(500));
        book.Note(Lease("a", renewal));

        Assert.Equal(1, Renewed);
    }

    [Fact]
    public void Silent_OwnDuration_IsKept()
    {
        book.Note(Lease("a", renewal: 1, seconds: 5));
        time.Advance(TimeSpan.FromSeconds(16));

        Assert.Equal(0, Renewed);
    }

    [Fact]
    public void Excuse_WeStoodStill_CountsAgainstNobody()
    {
        book.Note(Lease("a", renewal: 1));
        time.Advance(TimeSpan.FromSeconds(600));
        book.Excuse(TimeSpan.FromSeconds(590));

        Assert.Equal(1, Renewed);
    }

    [Fact]
    public void Silent_LeaseGoneOrNodeUnknown_NotCounted()
    {
        book.Note(Lease("a", renewal: 1));
        book.Note(Lease("b", renewal: 1));
        book.Note(Lease("c", renewal: 1));
        book.Remove("a");
        book.Keep(new HashSet<string>(StringComparer.Ordinal) { "c" });

        Assert.Equal(1, 4 - book.Silent(["a", "b", "c", "d"]).Count);
        Assert.Equal(0, Renewed);
    }

    private int Renewed => 1 - book.Silent(["a"]).Count;

    private static V1Lease Lease(string node, int renewal, int? seconds = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = node, Uid = node },
        Spec = new V1LeaseSpec { RenewTime = DateTime.UnixEpoch.AddDays(10_000).AddSeconds(renewal), LeaseDurationSeconds = seconds },
    };
}
