using System.Text.Json;
using System.Text.Json.Serialization;
using Failover.Simulator.History;
using Failover.Simulator.Tests.Trainers;

namespace Failover.Simulator.Tests.History;

public sealed class HistoryTests : IDisposable
{
    private static readonly TrainerId Trainer = new(TrainerBench.Uid, "llm", "member-1", "east", 2, 0);

    private readonly TrainerBench _bench = new();
    private readonly string _path = Path.GetTempFileName();

    public void Dispose()
    {
        _bench.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public async Task WrittenEvents_ReadBack_AreEqual()
    {
        HistoryEvent[] events =
        [
            new FaultInjected("region-power", "east", FaultPhase.Begin, "for 30 s"),
            new AttemptStarted(Trainer, "00000000000000ff", new(1, 7), 480),
            new StepReached(Trainer, 493, 13, HeartbeatWritten: false),
            new CommitTried(Trainer, 0, 500, 20, CommitOutcome.Io, "link: No such file"),
            new CheckpointPruned(Trainer, 480),
            new AttemptExited(Trainer, 86, "the epoch is sealed", 40),
            new RunFinished(Trainer, 520, new string('a', 64), new string('b', 64)),
            new SlotSeen("store-east", "acme", TrainerBench.Uid, 1, 3, Sealed: true, Commit: null),
            new SlotChanged("store-east", "acme", TrainerBench.Uid, 1, 3),
            new PinSeen("store-east", "acme/x/pins/e2/weights.bin"),
            new ApiCallSeen(new("member-1", _bench.Time.GetUtcNow(), "failover", "create", "/apis/batch/v1/namespaces/train/jobs", "jobs", "train", "llm-e1", 201, false, null, "u1")),
        ];
        // A new kind of event needs a line here.
        Assert.Equal(typeof(HistoryEvent).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false).Length, events.Select(e => e.GetType()).Distinct().Count());
        using (var writer = HistoryWriter.Create(_path, _bench.Time))
            foreach (var happened in events) writer.Write(happened);

        var read = await ReadAsync();

        Assert.Equal(events.Select((e, i) => e with { Seq = i, At = _bench.Time.GetUtcNow() }), read);
    }

    [Fact]
    public async Task Write_FromManyThreads_NumbersDensely()
    {
        using (var writer = HistoryWriter.Create(_path, _bench.Time))
            await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
            {
                for (var i = 0; i < 100; i++) writer.Write(new CheckpointPruned(Trainer, i));
            })));

        Assert.Equal(800, (await ReadAsync()).Count);
    }

    [Fact]
    public void Write_AnEvent_BeginsWithItsTypeNumberAndTime()
    {
        using var text = new StringWriter();
        using (var writer = new HistoryWriter(text, _bench.Time)) writer.Write(new CommitTried(Trainer, 0, 500, 20, CommitOutcome.Committed));

        Assert.StartsWith("""{"type":"commitTried","seq":0,"at":"2026-01-01T00:00:00+00:00",""", text.ToString());
        using var json = JsonDocument.Parse(text.ToString());
        Assert.Equal("committed", json.RootElement.GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("""{"type":"nonsense","seq":0}""")]
    [InlineData("""{"type":"pruned","seq":1,"trainer":null,"step":1}""")]
    [InlineData("""{"type":"pruned","se""")]
    public async Task Read_ALineThatIsNoEvent_NamesTheLine(string line)
    {
        await File.WriteAllTextAsync(_path, line);
        var error = await Assert.ThrowsAsync<InvalidDataException>(ReadAsync);
        Assert.Contains("ine 1 ", error.Message);
    }

    [Fact]
    public async Task SlotObserver_Scans_SeesEachSlotAndPinOnceThoughMountsAreCut()
    {
        await _bench.RunAsync(TrainerBench.Settings() with { Steps = 20 });
        await _bench.SealAsync(1, 2);
        var pin = _bench.InStore("pins/e2/e1/a0/20/weights.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(pin)!);
        await File.WriteAllTextAsync(pin, "x");
        _bench.World.PowerOffStore("store-east");
        var observer = new SlotObserver(_bench.World, _bench.History, _bench.Time);

        observer.Scan();
        observer.Scan();
        observer.FinalScan();

        var slots = _bench.All<SlotSeen>().ToArray();
        Assert.Equal([(0, false), (1, false), (2, true)], slots.Select(s => (s.Slot, s.Sealed)));
        Assert.Equal([10L, 20L, null], slots.Select(s => s.Commit?.Step));
        Assert.Equal("acme/01jd2m7k3q8v5w9x0y1z2a3b4c/pins/e2/e1/a0/20/weights.bin", Assert.Single(_bench.All<PinSeen>()).Path);
        Assert.Empty(_bench.All<SlotChanged>());
    }

    [Fact]
    public async Task SlotObserver_SlotOverwritten_TellsOnTheFinalScan()
    {
        await _bench.SealAsync(1, 0);
        var observer = new SlotObserver(_bench.World, _bench.History, _bench.Time);
        observer.Scan();
        await File.WriteAllTextAsync(_bench.InStore("e1/commits/0"), "something else");

        observer.FinalScan();

        Assert.Equal((1, 0), Assert.Single(_bench.All<SlotChanged>()) is var changed ? (changed.Epoch, changed.Slot) : default);
    }

    private async Task<IReadOnlyList<HistoryEvent>> ReadAsync()
    {
        var events = new List<HistoryEvent>();
        await foreach (var happened in HistoryReader.ReadAsync(_path)) events.Add(happened);
        return events;
    }
}
