using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health;

public sealed class LeaseWitnessTests
{
    private static readonly HealthPolicy Policy = new();

    [Theory]
    [InlineData(Answer.Unknown, 0, 0, 0, Answer.Unknown)]
    [InlineData(Answer.Unknown, 10, 10, 10, Answer.Yes)]
    [InlineData(Answer.Yes, 10, 5, 10, Answer.Yes)]
    [InlineData(Answer.Yes, 10, 4, 10, Answer.No)]
    [InlineData(Answer.Yes, 10, 10, 4, Answer.No)]
    [InlineData(Answer.No, 10, 5, 10, Answer.No)]
    [InlineData(Answer.No, 10, 6, 6, Answer.Yes)]
    public void Next_Shares_HaveThresholdsUpAndDown(Answer before, int nodes, int ready, int renewed, Answer answer)
    {
        var step = LeaseWitness.Next(new LeaseWitnessState(before), nodes, ready, renewed, TimeSpan.FromSeconds(1), Policy);

        Assert.Equal(answer, step.State.Answer);
        Assert.Equal(answer != before, step.Report is not null);
    }

    [Fact]
    public void Next_Unchanged_IsToldAgainFastInDoubtAndSlowlyElse()
    {
        var good = LeaseWitness.Next(new LeaseWitnessState(), 4, 4, 4, TimeSpan.Zero, Policy);
        Assert.Null(LeaseWitness.Next(good.State, 4, 4, 4, TimeSpan.FromSeconds(9), Policy).Report);
        Assert.Equal(TimeSpan.FromSeconds(10), LeaseWitness.Next(good.State, 4, 4, 4, TimeSpan.FromSeconds(10), Policy).Report!.For);

        var bad = LeaseWitness.Next(good.State, 4, 1, 4, TimeSpan.FromSeconds(20), Policy);
        Assert.Equal((0.25, "1 of 4 nodes alive (1 ready, 4 leases renewed)"), (bad.Report!.Share, bad.Report.Detail));
        Assert.NotNull(LeaseWitness.Next(bad.State, 4, 1, 4, TimeSpan.FromSeconds(21), Policy).Report);
    }
}
