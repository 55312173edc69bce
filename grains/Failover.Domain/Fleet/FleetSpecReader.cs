using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Runs;

namespace Failover.Domain.Fleet;

/// <summary>Reads a fleet document. All of its faults are found at once: syntax, ranges, names used twice, and names that lead nowhere.</summary>
public static class FleetSpecReader
{
    /// <summary>The document's kind; it may be left out, and so may its <c>apiVersion</c>.</summary>
    public const string Kind = "Fleet";

    // Names become parts of labels, paths and table keys.
    private const int NameLengthMax = 40;
    private const double MegabytesPerSecondMin = 0.001;
    private const double MegabytesPerSecondMax = 100_000_000;
    private const double DollarsMax = 1_000;
    private const double ThroughputMin = 0.001;
    private const double ThroughputMax = 1_000;
    private const int GroupGpusMax = 10_000_000;

    /// <summary>The fleet, or every fault. Relative paths are left as they are. <paramref name="document"/> has to be free of repeated fields.</summary>
    public static FleetSpecResult Read(JsonNode? document)
    {
        var faults = new List<Fault>();
        var root = Section.Root(document, "", faults);
        root.Word("apiVersion", [RunSpecReader.ApiVersion]);
        root.Word("kind", [Kind]);
        var regions = Distinct(root, "regions", "list the regions", ReadRegion, region => region.Name);
        var regionNames = regions.Select(region => region.Name).ToImmutableArray();
        var fleet = new FleetSpec
        {
            Installation = root.Name("installation", NameLengthMax, "name this installation; its workloads carry the name") ?? "",
            Sites = root.Texts("sites", "list the sites that silos run in, such as [laptop]", NotAName),
            Regions = regions,
            Members = Distinct(root, "members", "list the clusters to look after", section => ReadMember(section, regionNames), member => member.Name),
            Stores = ReadStores(root, regionNames),
            Links = ReadLinks(root, regionNames),
            Tenants = ReadTenants(root),
            Skus = Distinct(root, "skus", "list the GPU types", ReadSku, sku => sku.Name),
            Groups = Distinct(root, "groups", ifMissing: null, ReadGroup, group => group.Name),
        };
        root.RefuseUnknown();
        return faults.Count == 0 ? new FleetSpecResult(fleet, []) : new FleetSpecResult(null, Fault.Listed(faults));
    }

    private static RegionSpec ReadRegion(Section region)
    {
        var name = ReadName(region);
        return region.Number("restoreMBps", MegabytesPerSecondMin, MegabytesPerSecondMax) is { } restore ? new RegionSpec(name, restore) : new RegionSpec(name);
    }

    private static MemberSpec ReadMember(Section member, ImmutableArray<string> regions)
    {
        var inCluster = member.Flag("inCluster") ?? false;
        var kubeconfig = member.Text("kubeconfig", inCluster ? null : "write the path of its kubeconfig, or inCluster: true where the silo runs there as a pod");
        var context = member.Text("context");
        var plugin = member.Text("execPlugin");
        // Neither would be read, and one of them is thought to be.
        foreach (var (field, value) in (IEnumerable<(string, string?)>)[("kubeconfig", kubeconfig), ("context", context), ("execPlugin", plugin)])
        {
            if (inCluster && value is not null)
                member.Fault(field, "goes with a kubeconfig; with inCluster the credentials are the pod's own");
        }
        // A bare name would be looked for along a path that others may write to.
        if (plugin is not null && !plugin.StartsWith('/'))
            member.Fault("execPlugin", $"is {Names.Quote(plugin)}; write the absolute path of the program, such as /usr/local/bin/kubelogin");
        return new MemberSpec(ReadName(member), ReadRegionOf(member, "region", regions), kubeconfig ?? "", context)
        {
            InCluster = inCluster,
            ExecPlugin = plugin,
            Stopped = member.Flag("stopped") ?? false,
        };
    }

    private static ImmutableArray<StoreSpec> ReadStores(Section root, ImmutableArray<string> regions)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        return Distinct(
            root, "stores", "list the checkpoint stores",
            section =>
            {
                var path = section.Text("path", "write where silos mount it") ?? "";
                // Two stores in one place would count every commit twice, and call that a replica.
                if (path.Length > 0 && !paths.Add(path))
                    section.Fault("path", $"{Names.Quote(path)} is another store's; give each store a place of its own");
                var uri = section.Text("uri", "write what trainers are given to reach it") ?? "";
                return new StoreSpec(ReadName(section), ReadRegionOf(section, "region", regions), path, uri.TrimEnd('/'));
            },
            store => store.Name);
    }

    private static ImmutableArray<LinkSpec> ReadLinks(Section root, ImmutableArray<string> regions)
    {
        var links = ImmutableArray.CreateBuilder<LinkSpec>();
        foreach (var section in root.Objects("links"))
        {
            var (from, to) = (ReadRegionOf(section, "from", regions), ReadRegionOf(section, "to", regions));
            if (from == to && from.Length > 0)
                section.Fault("to", $"is {Names.Quote(to)}, as is from; links lead to another region");
            else if (links.Any(link => from.Length > 0 && ((link.From == from && link.To == to) || (link.From == to && link.To == from))))
                section.Fault("to", $"{from} and {to} are linked already; links go both ways");
            links.Add(new LinkSpec(
                from, to,
                section.Number("MBps", MegabytesPerSecondMin, MegabytesPerSecondMax) ?? LinkSpec.Default.MegabytesPerSecond,
                section.Number("egressPerGB", 0, DollarsMax) ?? LinkSpec.Default.EgressDollarsPerGigabyte));
        }
        return links.ToImmutable();
    }

    private static ImmutableArray<TenantSpec> ReadTenants(Section root)
    {
        var namespaces = new HashSet<string>(StringComparer.Ordinal);
        return Distinct(
            root, "tenants", "list who may submit runs",
            section =>
            {
                var name = ReadName(section);
                var space = section.Name("namespace", 63, "write the namespace that its runs get on members") ?? "";
                if (space.Length > 0 && !namespaces.Add(space))
                    section.Fault("namespace", $"{Names.Quote(space)} is another tenant's; tenants are kept apart by namespaces");
                return new TenantSpec(name, space, section.Name("serviceAccount", 63));
            },
            tenant => tenant.Name);
    }

    private static SkuSpec ReadSku(Section sku) => new(
        ReadName(sku),
        sku.Number("throughput", ThroughputMin, ThroughputMax) ?? 1,
        sku.Text("nodeLabel", "write the label that its nodes carry") ?? "",
        sku.Text("nodeLabelValue", "write that label's value") ?? "");

    private static GroupSpec ReadGroup(Section group) => new(
        ReadName(group),
        (int)(group.Whole("maxGpusPerRegion", 1, GroupGpusMax, "write how many GPUs its runs may have in one region, together") ?? 1));

    private static string ReadName(Section section) => section.Name("name", NameLengthMax, "give it a name") ?? "";

    private static string ReadRegionOf(Section section, string field, ImmutableArray<string> regions)
    {
        var region = section.Text(field, "name its region");
        if (region is not null && !regions.Contains(region))
            section.Fault(field, Names.NotThere("region", region, regions));
        return region ?? "";
    }

    private static string? NotAName(string name) =>
        Names.IsDnsLabel(name, NameLengthMax) ? null : $"is {Names.Quote(name)}; {Names.DnsLabelRule}, at most {NameLengthMax} characters";

    private static ImmutableArray<T> Distinct<T>(
        Section root, string field, string? ifMissing, Func<Section, T> read, Func<T, string> nameOf)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var section in root.Objects(field, ifMissing))
        {
            var item = read(section);
            if (nameOf(item).Length > 0 && !names.Add(nameOf(item)))
                section.Fault("name", $"{Names.Quote(nameOf(item))} is used twice in {field}; give each its own name");
            items.Add(item);
        }
        return items.ToImmutable();
    }
}
