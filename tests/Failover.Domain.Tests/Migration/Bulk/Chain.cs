using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration.Bulk;

/// <summary>The lineage by its definition, built a second time and in another way than the domain does.</summary>
internal static class Chain
{
    public static IReadOnlyList<ChainLink> Of(IReadOnlyList<RunState> rows, IEnumerable<StoreModel> stores)
    {
        var all = stores.ToList();
        var chain = new List<ChainLink>();
        for (var epoch = 1; epoch <= rows[^1].EpochNumber; epoch++)
        {
            var resumed = rows.First(row => row.EpochNumber == epoch).Epoch!.ResumeFrom;
            chain = resumed is null ? [] : [.. chain.TakeWhile(link => link.Ref != resumed), .. chain.Where(link => link.Ref == resumed)];
            for (var slot = 0; ; slot++)
            {
                var found = all.SelectMany(store => store.Slots).Where(one => one.Key == (epoch, slot)).ToList();
                if (found.Count == 0 || found.TrueForAll(one => one.Commit is null))
                    break;
                chain.Add(new ChainLink(new CommitRef(epoch, slot), found.First(one => one.Commit is not null).Commit!));
            }
        }
        return chain;
    }
}
