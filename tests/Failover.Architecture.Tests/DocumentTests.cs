using Failover.Domain.Health;

namespace Failover.Architecture.Tests;

/// <summary>What documents say of the code is what the code says.</summary>
public sealed class DocumentTests
{
    [Fact]
    public void Operations_ListsEachTroubleWithItsAdvice()
    {
        var text = File.ReadAllText(Path.Combine(Projects.Root.FullName, "docs", "operations.md"));

        Assert.All(
            Enum.GetValues<ApiTrouble>().Where(trouble => trouble != ApiTrouble.None),
            trouble => Assert.Contains($"| `{trouble}` | {ApiTroubles.Advice(trouble)} |", text, StringComparison.Ordinal));
    }

    /// <summary>Set FAILOVER_WRITE_DOCS to have the table written instead.</summary>
    [Fact]
    public void Operations_HasTheVerdictTableAsTheCodeHasIt()
    {
        const string Begin = "<!-- verdicts: made from the code -->\n";
        const string End = "\n<!-- end of verdicts -->";
        var path = Path.Combine(Projects.Root.FullName, "docs", "operations.md");
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        var table = string.Join('\n', VerdictTable.Markdown);
        if (Environment.GetEnvironmentVariable("FAILOVER_WRITE_DOCS") is not null)
        {
            File.WriteAllText(path, text[..from] + table + text[to..]);
            return;
        }

        Assert.Equal(table, text[from..to]);
    }
}
