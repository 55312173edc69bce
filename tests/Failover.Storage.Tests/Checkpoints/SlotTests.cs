using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Storage.Checkpoints;

namespace Failover.Storage.Tests.Checkpoints;

public sealed class SlotTests : IDisposable
{
    private static readonly RunRoot Run = MountedStores.Run;

    private readonly MountedStores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public async Task CreateSlot_Absent_IsThereWholeAndLeavesNothingElse()
    {
        Assert.Null(await _stores.East.CreateSlotAsync(Run, 1, 0, "first"));

        Assert.Equal([".failover-store", $"{Run}/e1/commits/0"], _stores.Files("east").AsEnumerable());
        Assert.Equal([new RawSlot(0, "first")], await _stores.East.ListSlotsAsync(Run, 1));
    }

    [Fact]
    public async Task CreateSlot_Taken_AnswersWhatWasThereFirst()
    {
        await _stores.East.CreateSlotAsync(Run, 1, 0, "first");

        Assert.Equal("first", await _stores.East.CreateSlotAsync(Run, 1, 0, "second"));
        Assert.Equal([new RawSlot(0, "first")], await _stores.East.ListSlotsAsync(Run, 1));
    }

    [Fact]
    public async Task CreateSlot_ThirtyTwoWritersRace_OneWinsAndAllOthersReadIt()
    {
        for (var slot = 0; slot < 5; slot++)
        {
            var at = slot;
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => _stores.East.CreateSlotAsync(Run, 1, at, $"writer {i}")));

            var winner = Assert.Single(answers.Index(), answer => answer.Item is null).Index;
            Assert.All(answers.Where(answer => answer is not null), answer => Assert.Equal($"writer {winner}", answer));
        }
        Assert.DoesNotContain(_stores.Files("east"), file => file.Contains(".tmp-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CreateSlot_SealAgainstTrainers_ExactlyOneOfThemHasTheSlot()
    {
        var seal = SlotContent.SealText(1);
        var trainer = _stores.East.CreateSlotAsync(Run, 1, 0, "a commit");
        var sealer = _stores.East.CreateSlotAsync(Run, 1, 0, seal);
        await Task.WhenAll(trainer, sealer);

        Assert.Equal((await trainer is null, await sealer is null) is (true, false) ? "a commit" : seal, _stores.Read("east", "e1/commits/0"));
        Assert.NotEqual(await trainer is null, await sealer is null);
    }

    [Fact]
    public async Task ListSlots_NothingThere_IsEmptyAndMakesNothing()
    {
        Assert.Empty(await _stores.East.ListSlotsAsync(Run, 1));
        Assert.Equal([".failover-store"], _stores.Files("east").AsEnumerable());
        Assert.False(Directory.Exists(Path.Combine(_stores.Root("east"), "tenant")));
    }

    [Fact]
    public async Task ListSlots_MoreThanTen_AreInNumericOrderUpToTheLimit()
    {
        for (var slot = 0; slot < 12; slot++)
            await _stores.East.CreateSlotAsync(Run, 1, slot, $"{slot}");

        Assert.Equal(Enumerable.Range(0, 12), (await _stores.East.ListSlotsAsync(Run, 1)).Select(slot => slot.Slot));
        Assert.Equal(Enumerable.Range(0, 11), (await _stores.East.ListSlotsAsync(Run, 1, limit: 11)).Select(slot => slot.Slot));
    }

    [Fact]
    public async Task ListSlots_AHole_IsNoListing()
    {
        foreach (var slot in new[] { 0, 1, 3 })
            _stores.Write("east", $"e1/commits/{slot}", "x");

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _stores.East.ListSlotsAsync(Run, 1));
        Assert.Contains("breaks off", refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.Denied);
    }

    [Fact]
    public async Task ListSlots_HalfMadeAndStrayFiles_ArePassedOver()
    {
        _stores.Write("east", "e1/commits/0", "first");
        foreach (var name in new[] { ".tmp-torn", ".tmp-1", "1~", "01", "+1", "-1", "README", "99999999999" })
            _stores.Write("east", $"e1/commits/{name}", "{");

        Assert.Equal([new RawSlot(0, "first")], await _stores.East.ListSlotsAsync(Run, 1));
        Assert.Null(await _stores.East.CreateSlotAsync(Run, 1, 1, "second"));
    }

    [Fact]
    public async Task ListSlots_AHugeSlot_IsReadNoFurtherThanToSeeThatItIs()
    {
        var file = _stores.Write("east", "e1/commits/0", "{");
        await using (var stream = File.OpenWrite(file))
            stream.SetLength(1L << 40);

        var slot = Assert.Single(await _stores.East.ListSlotsAsync(Run, 1));
        Assert.Equal(CommitDocument.LengthMax + 1, slot.Content.Length);
        Assert.IsType<SlotContent.Malformed>(SlotContent.Parse(slot.Content));
    }

    [Fact]
    public async Task ListSlots_AByteOrderMark_IsPartOfTheContent()
    {
        _stores.Write("east", "e1/commits/0", "\uFEFFSEALED");

        Assert.IsType<SlotContent.Malformed>(SlotContent.Parse(Assert.Single(await _stores.East.ListSlotsAsync(Run, 1)).Content));
    }

    [Fact]
    public void Initialize_AgainOrAsAnother_KeepsTheStoreOrRefuses()
    {
        DirectoryCheckpointStore.Initialize(_stores.Root("east"), "east");

        Assert.Throws<ArgumentException>(() => DirectoryCheckpointStore.Initialize(_stores.Root("east"), "west"));
    }

    [Fact]
    public async Task Stores_AreTheFleetFiles()
    {
        var fleet = new FleetSpec
        {
            Installation = "test",
            Regions = [],
            Members = [],
            Stores = [new StoreSpec("east", "eastus", _stores.Mount("east"), "file:///east")],
            Tenants = [],
            Skus = [],
            Sites = [],
        };
        var stores = new DirectoryCheckpointStores(new FleetBook(fleet), new StoreOptions(), TimeProvider.System);

        Assert.Equal("east", stores.Get("east").Name);
        Assert.Null(await stores.Get("east").CreateSlotAsync(Run, 1, 0, "x"));
        Assert.Throws<ArgumentException>(() => stores.Get("west"));
    }
}
