using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Failover.Benchmarks.Placement;

/// <summary>Measurements as a table, as JSON, and as a picture of gaps against time.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Header { get; } =
        $"{"instance",-26} {"engine",-22} {"deadline",8} {"seconds",8} {"value",13} {"bound",13} {"gap",9} {"shortfall",9} {"peak MB",7}";

    public static string Row(Measurement one) => string.Create(
        CultureInfo.InvariantCulture,
        $"{one.Instance,-26} {one.Engine,-22} {one.Deadline,8:0.###} {one.Seconds,8:0.0000} {one.Value,13:0} {one.Bound,13:0} {Percent(one.Gap),9} {Percent(one.Shortfall),9} {one.PeakMB,7:0}");

    public static void WriteJson(string path, IReadOnlyCollection<Measurement> all) => File.WriteAllText(path, JsonSerializer.Serialize(all, Json));

    /// <summary>Gap (full line) and shortfall (dashes) of each instance over the time taken, both axes logarithmic.</summary>
    public static void WritePlot(string path, IEnumerable<Measurement> all)
    {
        string[] colours = ["#1b6ca8", "#c1440e", "#2e7d32", "#6a1b9a", "#b8860b", "#00838f", "#ad1457", "#455a64"];
        var svg = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"560\" font-family=\"sans-serif\" font-size=\"12\"><rect width=\"900\" height=\"560\" fill=\"white\"/>\n");
        foreach (var seconds in (double[])[0.001, 0.01, 0.1, 1, 10])
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(seconds)} 20V500\" stroke=\"#ddd\"/><text x=\"{X(seconds)}\" y=\"520\" text-anchor=\"middle\">{seconds} s</text>\n");
        foreach (var gap in (double[])[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M60 {Y(gap)}H640\" stroke=\"#ddd\"/><text x=\"55\" y=\"{Y(gap) + 4}\" text-anchor=\"end\">{gap * 100:0.####} %</text>\n");
        foreach (var (index, line) in all.Where(one => one.Value > 0).GroupBy(one => $"{one.Instance} {one.Engine}").Index())
        {
            var colour = colours[index % colours.Length];
            svg.Append(Line(line, one => one.Gap, colour, "")).Append(Line(line, one => one.Shortfall, colour, " stroke-dasharray=\"5 4\""));
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"650\" y=\"{30 + (index * 16)}\" fill=\"{colour}\">{line.Key}</text>\n");
        }

        svg.Append("<text x=\"60\" y=\"545\">full: proven gap; dashed: shortfall against the reference bound; below 0.0001 % drawn there</text></svg>\n");
        File.WriteAllText(path, svg.ToString());
    }

    private static string Line(IEnumerable<Measurement> line, Func<Measurement, double?> gap, string colour, string dashes)
    {
        var points = line.Where(one => gap(one) is not null).OrderBy(one => one.Seconds)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{X(one.Seconds):0.#},{Y(gap(one)!.Value):0.#}"));
        return $"<polyline fill=\"none\" stroke=\"{colour}\"{dashes} points=\"{string.Join(' ', points)}\"/>\n";
    }

    private static double X(double seconds) => 60 + (580 * (Math.Log10(Math.Clamp(seconds, 0.0001, 10)) + 4) / 5);

    private static double Y(double gap) => 20 + (480 * -Math.Log10(Math.Clamp(gap, 1e-6, 1)) / 6);

    private static string Percent(double? share) => share is { } given ? (given * 100).ToString("0.0000", CultureInfo.InvariantCulture) + "%" : "";
}
