using CsCheck;
using Failover.Domain.Documents;

namespace Failover.Domain.Tests.Documents;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5_400)]
    [InlineData("2d", 172_800)]
    [InlineData("1d2h3m4s", 93_784)]
    [InlineData("500ms", 0.5)]
    [InlineData("0s", 0)]
    [InlineData("PT10M", 600)]
    [InlineData("PT1H30M5S", 5_405)]
    [InlineData("P2D", 172_800)]
    [InlineData("P1DT1S", 86_401)]
    public void TryParse_WellFormed_IsRead(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("1m1m")]
    [InlineData("10M")]
    [InlineData("10x")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1M")]
    [InlineData("P1DT")]
    [InlineData("PxT1S")]
    [InlineData("PT1S1H")]
    [InlineData("1234567890s")]
    [InlineData("999999999d")]
    [InlineData("\uFF11s")]
    public void TryParse_Malformed_IsRefused(string text)
    {
        Assert.False(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.Zero, duration);
    }

    [Fact]
    public void Format_AnyMilliseconds_IsReadBackAlike() =>
        Gen.Long[0, 86_400_000L * 400_000].Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds)).Sample(duration =>
            Durations.TryParse(Durations.Format(duration), out var read) && read == duration);
}
