using Failover.Abstractions.State;
using Failover.Storage.Tables;

namespace Failover.Storage.Tests.Tables;

public sealed class SqliteConformanceTests : ConditionalTableConformance
{
    private readonly TemporaryFolder _folder = new();
    private SqliteConditionalTable? _table;

    protected override Task<IConditionalTable> CreateAsync()
    {
        _table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System);
        return Task.FromResult<IConditionalTable>(_table);
    }

    protected override async Task DestroyAsync()
    {
        if (_table is not null) await _table.DisposeAsync();
        _folder.Dispose();
    }
}
