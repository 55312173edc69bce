using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

public sealed class MemberEventJsonTests
{
    public static TheoryData<Type> MemberEvents => [.. Cases(typeof(MemberEvent))];

    public static TheoryData<Type> BrakeEvents => [.. Cases(typeof(BrakeEvent))];

    [Theory]
    [MemberData(nameof(MemberEvents))]
    public void MemberEvent_EveryCase_HasADiscriminator(Type type) => AssertHasDiscriminator(typeof(MemberEvent), type);

    [Theory]
    [MemberData(nameof(BrakeEvents))]
    public void BrakeEvent_EveryCase_HasADiscriminator(Type type) => AssertHasDiscriminator(typeof(BrakeEvent), type);

    [Fact]
    public void MemberEvent_RoundTrip_IsTheSame()
    {
        ImmutableArray<MemberEvent> events =
        [
            new MemberEvent.ApiReported(MemberWorld.Zero, "here", new ApiReport(Answer.No, TimeSpan.FromSeconds(2), false, "x")),
            new MemberEvent.ReserveRequested(MemberWorld.Zero, MemberWorld.Wanted("a", 2, 8, 3, 4)),
            new MemberEvent.Tick(MemberWorld.Zero),
        ];

        Assert.Equal(events, JsonSerializer.Deserialize<ImmutableArray<MemberEvent>>(JsonSerializer.Serialize(events)));
    }

    [Fact]
    public void MemberState_RoundTrip_GoesOnAsBefore()
    {
        var member = new MemberWorld().Lost();
        var read = JsonSerializer.Deserialize<MemberState>(JsonSerializer.Serialize(member.State))!;

        Assert.Equal(JsonSerializer.Serialize(member.State), JsonSerializer.Serialize(read));
        member.State = read;
        Assert.Equal(MemberVerdict.Lost, member.Api(21, Answer.No).Verdict);
    }

    private static IEnumerable<Type> Cases(Type family) => family.GetNestedTypes().Where(type => type.IsSubclassOf(family));

    private static void AssertHasDiscriminator(Type family, Type type) =>
        Assert.Contains(family.GetCustomAttributes(typeof(JsonDerivedTypeAttribute), false).Cast<JsonDerivedTypeAttribute>(), attribute => attribute.DerivedType == type);
}
