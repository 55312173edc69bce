using Spectre.Console;
using Spectre.Console.Rendering;

namespace Failover.Cli;

/// <summary>What a person sees: tables and labelled lines, as wide as the output, coloured only on a terminal.</summary>
internal sealed class Page(Surroundings surroundings)
{
    private readonly TextWriter _out = surroundings.Out;

    public TimeProvider Time => surroundings.Time;

    public void Line(string text) => _out.WriteLine(Printable.Clean(text));

    /// <summary>A table without rows says <paramref name="ifEmpty"/> instead.</summary>
    public void Table(string? title, string[] columns, IEnumerable<string[]> rows, string? ifEmpty = null)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).Padding(0, 0, 2, 0));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(Printable.Clean(cell), Colour(cell))));
        if (table.Rows.Count == 0 && ifEmpty is null)
            return;
        if (title is not null)
            _out.WriteLine($"{Environment.NewLine}{title}");
        if (table.Rows.Count == 0)
            _out.WriteLine(ifEmpty);
        else
            Render(table);
    }

    /// <summary>Labelled lines; those with nothing to say are left out.</summary>
    public void Facts(params (string Label, string Text)[] facts)
    {
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) }).AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach (var (label, text) in facts.Where(fact => fact.Text.Length > 0))
            grid.AddRow(new Text(label), new Text(Printable.Clean(text), Colour(text)));
        Render(grid);
    }

    // Words of steps and verdicts stand at the beginning of their cells.
    private static Style Colour(string cell) => cell.Split(' ', ':')[0] switch
    {
        "Running" or "Healthy" or "Finished" => new Style(Color.Green),
        "Waiting" or "Suspect" or "Degraded" or "ControlPlaneDown" or "Stopped" => new Style(Color.Yellow),
        "Lost" or "HELD" => new Style(Color.Red),
        _ => Style.Plain,
    };

    private void Render(IRenderable what)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = surroundings.IsColoured ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = surroundings.IsColoured ? ColorSystemSupport.EightBit : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = surroundings.Width;
        console.Write(what);
        // Cells are padded to their columns; at the end of a line nobody wants that.
        foreach (var line in text.ToString().TrimEnd('\r', '\n').Split('\n'))
            _out.WriteLine(line.TrimEnd());
    }
}
