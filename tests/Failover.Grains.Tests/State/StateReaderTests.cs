using Failover.Abstractions.State;
using Failover.Domain.Members;
using Failover.Grains.Observers;
using Failover.Grains.State;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Tests.State;

public sealed class StateReaderTests
{
    private static readonly string Runs = TableStorage.PartitionOf("run");

    private readonly MemoryTable _table = new();
    private readonly ErrorLog _errors = new();
    private readonly UnreadableRows _unreadable;
    private readonly StateReader _reader;

    public StateReaderTests()
    {
        _unreadable = new UnreadableRows(_errors);
        _reader = new StateReader(_table, _unreadable);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{\"kind\":")]
    [InlineData("null")]
    [InlineData("""{"kind":"run","schemaVersion":1,"uid":"torn","step":"Levitating"}""")]
    public async Task ReadRuns_OneRowCannotBeRead_TheOthersAre(string payload)
    {
        var uid = await PutAsync(Samples.NewUid());
        await SpoilAsync("torn", payload);

        var rows = await _reader.ReadRunRowsAsync(Cancellation);

        Assert.Equal(uid, Assert.Single(rows.Runs).Uid);
        Assert.Equal(["torn"], rows.Unreadable);
        Assert.Equal((Runs, "torn"), Assert.Single(_unreadable.All) is var row ? (row.Partition, row.Row) : default);
    }

    [Fact]
    public async Task ReadRuns_TheSameRowAgain_IsLoggedOnceAndANewVersionAnew()
    {
        await SpoilAsync("torn", "{");
        await _reader.ReadRunsAsync(Cancellation);
        await _reader.ReadRunsAsync(Cancellation);
        Assert.Single(_errors.Lines);

        await SpoilAsync("torn", "[");
        await _reader.ReadRunsAsync(Cancellation);
        Assert.Equal(2, _errors.Lines.Count);
    }

    [Fact]
    public async Task ReadRuns_RowIsMendedOrGone_IsForgotten()
    {
        var uid = await PutAsync(Samples.NewUid());
        await SpoilAsync(uid, "{");
        await SpoilAsync("torn", "{");
        await _reader.ReadRunsAsync(Cancellation);
        Assert.Equal(2, _unreadable.All.Length);

        await _table.PutAsync(Runs, uid, Samples.Running(uid));
        await _table.WriteAsync(Runs, [new TableWrite.Delete("torn", (await _table.ReadAsync(Runs, "torn", Cancellation))!.ETag)], Cancellation);
        Assert.Single(await _reader.ReadRunsAsync(Cancellation));
        Assert.Empty(_unreadable.All);
    }

    [Fact]
    public async Task ReadRun_CannotBeRead_IsNotTakenForNone()
    {
        await SpoilAsync("torn", "{");

        var unreadable = await Assert.ThrowsAsync<UnreadableRowException>(() => _reader.ReadRunAsync("torn", Cancellation));

        Assert.True(Periodically.IsPassing(unreadable));
        Assert.Null(await _reader.ReadRunAsync("nowhere", Cancellation));
    }

    [Fact]
    public async Task ReadMembers_OneRowCannotBeRead_TheOthersAre()
    {
        await _table.PutAsync(TableStorage.PartitionOf("member"), "east-1", MemberMachine.Create("east-1", "east", Samples.Start));
        await _table.WriteAsync(TableStorage.PartitionOf("member"), [new TableWrite.Insert("west-1", "{")], Cancellation);

        Assert.Equal("east-1", Assert.Single(await _reader.ReadMembersAsync(Cancellation)).Name);
        Assert.Equal("west-1", Assert.Single(_unreadable.All).Row);
    }

    private async Task<string> PutAsync(string uid)
    {
        await _table.PutAsync(Runs, uid, Samples.Running(uid));
        return uid;
    }

    private async Task SpoilAsync(string uid, string payload) => await _table.SpoilAsync(Runs, uid, payload);

    private sealed class ErrorLog : ILogger<UnreadableRows>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
                Lines.Add(formatter(state, exception));
        }
    }
}
