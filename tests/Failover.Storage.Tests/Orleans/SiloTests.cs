using Failover.Abstractions.State;
using Failover.Storage.Orleans;
using Failover.Storage.Tables;
using Failover.Storage.Tests.Tables;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Failover.Storage.Tests.Orleans;

/// <summary>A silo whose state and reminders lie in the table, stopped and started anew on the same file.</summary>
public sealed class SiloTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task State_SiloStartedAnew_IsFound()
    {
        await WithSiloAsync(static async (grains, _) =>
        {
            var grain = grains.GetGrain<ICounterGrain>("k");
            Assert.Equal(1, await grain.IncrementAsync());
            Assert.Equal(2, await grain.IncrementAsync());
            await grain.RegisterAsync();
        });

        await WithSiloAsync(static async (grains, table) =>
        {
            var grain = grains.GetGrain<ICounterGrain>("k");
            Assert.Equal(3, await grain.IncrementAsync());
            Assert.Equal(["tick"], await grain.RemindersAsync());
            Assert.Equal("""{"kind":"counter","schemaVersion":1,"count":3,"colour":"Red","past":[]}""", (await table.ReadAsync("grain/counter", "k"))?.Payload);
            await grain.UnregisterAsync();
            Assert.Empty(await grain.RemindersAsync());
        });
    }

    [Fact]
    public async Task Write_RowChangedBySomebodyElse_ThrowsAndTheNextActivationReadsAnew() =>
        await WithSiloAsync(static async (grains, table) =>
        {
            var grain = grains.GetGrain<ICounterGrain>("k");
            await grain.IncrementAsync();
            var row = await table.ReadAsync("grain/counter", "k");
            await table.WriteAsync("grain/counter", [new TableWrite.Replace("k", """{"kind":"counter","schemaVersion":1,"count":10}""", row!.ETag)]);

            await Assert.ThrowsAsync<InconsistentStateException>(grain.IncrementAsync);

            Assert.Equal(11, await grain.IncrementAsync());
        });

    private async Task WithSiloAsync(Func<IGrainFactory, IConditionalTable, Task> test)
    {
        await using var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IConditionalTable>(table);
            silo.AddConditionalTableGrainStorage("table");
            silo.AddConditionalTableReminders();
            AddDomainMessages(silo.Services);
        });
        builder.ConfigureClient(static client => AddDomainMessages(client.Services));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        await test(cluster.Client, table);
        await cluster.StopAllSilosAsync();
    }

    // Orleans checks at its start that it can send every message of the grain interfaces it finds, ours included.
    private static void AddDomainMessages(IServiceCollection services) =>
        services.AddSerializer(static serializer =>
            serializer.AddJsonSerializer(static type => type.Namespace?.StartsWith("Failover.", StringComparison.Ordinal) ?? false, StateJson.Options));
}

[Alias("failover.tests.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("IncrementAsync")]
    Task<int> IncrementAsync();

    [Alias("RegisterAsync")]
    Task RegisterAsync();

    [Alias("UnregisterAsync")]
    Task UnregisterAsync();

    [Alias("RemindersAsync")]
    Task<string[]> RemindersAsync();
}

[GrainType("counter")]
internal sealed class CounterGrain([PersistentState("counter", "table")] IPersistentState<StoredCounter> state) : Grain, ICounterGrain, IRemindable
{
    public async Task<int> IncrementAsync()
    {
        state.State = state.State with { Count = state.State.Count + 1 };
        await state.WriteStateAsync();
        return state.State.Count;
    }

    public Task RegisterAsync() => this.RegisterOrUpdateReminder("tick", TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    public async Task UnregisterAsync() => await this.UnregisterReminder(await this.GetReminder("tick") ?? throw new InvalidOperationException("No reminder."));

    public async Task<string[]> RemindersAsync() => [.. (await this.GetReminders()).Select(static reminder => reminder.ReminderName)];

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;
}
