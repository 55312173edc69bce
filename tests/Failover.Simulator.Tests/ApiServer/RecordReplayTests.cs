using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>Holds a simulated member against what a real API server answered, and says line by line where it differs.</summary>
public sealed class RecordReplayTests(ITestOutputHelper output)
{
    // What the simulator leaves out on purpose, each with why; a line that begins to pass is to be taken off.
    private static readonly Dictionary<int, string> Left = new()
    {
        [96] = "admission policies are not served: their conditions are programs (CEL)",
        [97] = "admission policies are not served",
        [98] = "admission policies are not served",
    };

    [Fact]
    public async Task Replay_OfRecordedExchanges_AnswersAsTheRealServerDid()
    {
        var record = RecordedExchange.Load();
        Assert.SkipWhen(record is null, "The record of a real API server is not here: set FAILOVER_SHARED to the folder that has kubernetes/apiserver-1.36.jsonl.");
        await using var test = await TestMember.StartAsync(TestMember.Options with { Pools = [], Namespaces = [] });
        var replay = new Replay(test);

        var lines = record.Where(l => l.Level is "must" or "later" or "setup").ToList();
        for (var i = 0; i < lines.Count; i++)
        {
            // A watch is open while the writes that are noted before it happen.
            var writes = lines.Skip(i).TakeWhile(l => l.Level == "setup").ToList();
            if (lines.ElementAtOrDefault(i + writes.Count) is { IsWatch: true } watch)
            {
                await replay.WatchAsync(watch, writes);
                i += writes.Count;
            }
            else
            {
                await replay.SendAsync(lines[i]);
            }
        }

        Tell(replay, "must");
        Tell(replay, "later");
        Assert.Equal(67, replay.Of("must").Count());
        Assert.Equal(24, replay.Of("later").Count());
        Assert.Empty(replay.Of("must").SelectMany(line => line.Faults));
        Assert.Equal(Left.Keys.Order(), replay.Of("later").Where(line => line.Faults.Count > 0).Select(line => line.Exchange.Number));
    }

    private void Tell(Replay replay, string level)
    {
        var lines = replay.Of(level).ToList();
        output.WriteLine($"{level}: {lines.Count(line => line.Faults.Count == 0)} of {lines.Count} lines passed");
        foreach (var (exchange, faults) in lines.Where(line => line.Faults.Count > 0))
            output.WriteLine($"  {exchange}: {Left.GetValueOrDefault(exchange.Number, "differs")}\n{string.Join("\n", faults)}");
    }

    private sealed class Replay(TestMember test)
    {
        private readonly RecordComparer _comparer = new();
        private readonly HttpClient _http = test.Http();

        private readonly List<(RecordedExchange Exchange, List<string> Faults)> _lines = [];

        public IEnumerable<(RecordedExchange Exchange, List<string> Faults)> Of(string level) => _lines.Where(line => line.Exchange.Level == level);

        public async Task SendAsync(RecordedExchange exchange)
        {
            // Before it was read, the recorded cluster had its time to act on what had been written.
            test.Member.Settle();
            for (var i = 0; i < 3 && exchange.Method == "GET"; i++)
                test.Pass(TestMember.Options.JobSyncPeriod);
            using var response = await _http.SendAsync(Request(exchange), TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            test.Member.Settle();
            var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
            var faults = Begin(exchange);
            CompareHead(exchange, response, faults);
            _comparer.Compare(exchange, exchange.Response["body"], isJson ? JsonNode.Parse(text) : JsonValue.Create(text), faults);
        }

        public async Task WatchAsync(RecordedExchange exchange, IReadOnlyList<RecordedExchange> writes)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TestMember.Patience);
            using var response = await _http.SendAsync(Request(exchange), HttpCompletionOption.ResponseHeadersRead, patience.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token));
            foreach (var write in writes)
                await SendAsync(write);
            var faults = Begin(exchange);
            CompareHead(exchange, response, faults);

            var expected = (JsonArray)exchange.Response["body"]!;
            var events = new JsonArray();
            while (events.Count < expected.Count && await reader.ReadLineAsync(patience.Token) is { } line)
                events.Add(JsonNode.Parse(line));

            // Then nothing more, up to the time-out that was asked for.
            test.Time.Advance(TimeSpan.FromSeconds(exchange.Request["timeoutSeconds"]!.GetValue<int>()));
            while (await reader.ReadLineAsync(patience.Token) is { } line)
                events.Add(JsonNode.Parse(line));
            _comparer.Compare(exchange, expected, events, faults);
        }

        private HttpRequestMessage Request(RecordedExchange exchange)
        {
            var request = new HttpRequestMessage(new HttpMethod(exchange.Method), _comparer.Translate(exchange.Path)) { Version = new Version(2, 0) };
            if (exchange.Auth != "none")
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", exchange.Auth == "admin" ? test.Member.TokenOf("admin") : exchange.Auth);
            if (exchange.Request["body"] is { } body)
            {
                var text = body is JsonValue plain ? plain.GetValue<string>() : body.ToJsonString();
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(_comparer.Translate(text)));
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(exchange.Request["contentType"]!.GetValue<string>());
            }

            return request;
        }

        private List<string> Begin(RecordedExchange exchange)
        {
            _lines.Add((exchange, []));
            return _lines[^1].Faults;
        }

        private static void CompareHead(RecordedExchange exchange, HttpResponseMessage response, List<string> faults)
        {
            if ((int)response.StatusCode != exchange.Response["status"]!.GetValue<int>())
                faults.Add($"{exchange}\n    status: expected {exchange.Response["status"]}, got {(int)response.StatusCode}");
            if (response.Content.Headers.ContentType?.ToString() != exchange.Response["contentType"]!.GetValue<string>())
                faults.Add($"{exchange}\n    content type: expected {exchange.Response["contentType"]}, got {response.Content.Headers.ContentType}");
            var warning = exchange.Response["headers"]?["Warning"]?.GetValue<string>();
            var given = response.Headers.TryGetValues("Warning", out var values) ? string.Join(" ", values) : null;
            if (warning != given)
                faults.Add($"{exchange}\n    warning: expected {warning}, got {given}");
        }
    }
}
