using System.Text.Json;
using Failover.Abstractions.State;

namespace Failover.Storage.Tests.Orleans;

public sealed class StateJsonTests
{
    [Fact]
    public void Write_AState_IsFlatAndNamesNoType()
    {
        var state = new StoredCounter { Name = "ü \"<&>'", Count = 3, Colour = Colour.DarkGreen, Past = [1, 2], Shape = new Shape.Square(2) };

        Assert.Equal(
            """{"kind":"counter","schemaVersion":1,"name":"ü \"<&>'","count":3,"colour":"DarkGreen","past":[1,2],"shape":{"$type":"square","side":2}}""",
            StateJson.Write(state));
    }

    [Fact]
    public void Read_WhatWasWritten_IsEqual()
    {
        var state = new StoredCounter { Count = int.MinValue, Past = [1], Shape = new Shape.Circle(0.1) };

        Assert.Equal(state, StateJson.Read<StoredCounter>(StateJson.Write(state)));
    }

    [Fact]
    public void Read_MembersOfANewerBuildAndInAnyOrder_AreTaken()
    {
        var state = StateJson.Read<StoredCounter>("""{"shape":{"side":2,"$type":"square","new":[1]},"new":{},"count":4,"kind":"counter","schemaVersion":2}""");

        Assert.Equal((4, 2, new Shape.Square(2)), (state.Count, state.SchemaVersion, state.Shape));
    }

    [Fact]
    public void Read_RequiredMemberThatMayBeNull_NeedNotBeThere() =>
        Assert.Null(StateJson.Read<WithRequired>(StateJson.Write(new WithRequired { Must = "m", May = null })).May);

    [Theory]
    [InlineData("""{"kind":"required","schemaVersion":1,"may":"x"}""")]
    [InlineData("""{"kind":"required","schemaVersion":1,"must":null}""")]
    [InlineData("""{"kind":"required","schemaVersion":1,"must":5}""")]
    [InlineData("null")]
    [InlineData("")]
    public void Read_NotSuchARecord_Throws(string payload) => Assert.Throws<JsonException>(() => StateJson.Read<WithRequired>(payload));

    [Fact]
    public void Write_WithoutKindOrSchemaVersion_Refuses()
    {
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { schemaVersion = 1 }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { kind = "a" }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { kind = "", schemaVersion = 1 }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { kind = 1, schemaVersion = 1 }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { kind = "a", schemaVersion = "1" }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write(new { kind = "a", schemaVersion = 0 }));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write<int[]>([1]));
        Assert.Throws<InvalidOperationException>(() => StateJson.Write<StoredCounter?>(null));
    }

    private sealed record WithRequired : IStoredRecord
    {
        public string Kind { get; init; } = "required";

        public int SchemaVersion { get; init; } = 1;

        public required string Must { get; init; }

        public required string? May { get; init; }
    }
}
