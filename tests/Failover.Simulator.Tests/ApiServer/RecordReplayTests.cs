using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>Holds a simulated member against what a real API server answered.</summary>
public sealed class RecordReplayTests
{
    // The one line of the `later` level that a `must` line stands on: the type whose watch expires.
    private const int CustomResourceDefinitionLine = 83;

    [Fact]
    public async Task Replay_OfRecordedExchanges_AnswersAsTheRealServerDid()
    {
        var record = RecordedExchange.Load();
        Assert.SkipWhen(record is null, "The record of a real API server is not here: set FAILOVER_SHARED to the folder that has kubernetes/apiserver-1.36.jsonl.");
        await using var test = await TestMember.StartAsync(TestMember.Options with { Pools = [], Namespaces = [] });
        var replay = new Replay(test);

        var lines = record.Where(l => l.Level is "must" or "setup" || l.Number == CustomResourceDefinitionLine).ToList();
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

        Assert.True(replay.Faults.Count == 0, string.Join("\n", replay.Faults));
        Assert.Equal(67, replay.Compared);
    }

    private sealed class Replay(TestMember test)
    {
        private readonly RecordComparer _comparer = new();
        private readonly HttpClient _http = test.Http();

        public List<string> Faults { get; } = [];

        public int Compared { get; private set; }

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
            var faults = exchange.IsMust ? Faults : [];
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
            CompareHead(exchange, response, Faults);

            var expected = (JsonArray)exchange.Response["body"]!;
            var events = new JsonArray();
            while (events.Count < expected.Count && await reader.ReadLineAsync(patience.Token) is { } line)
                events.Add(JsonNode.Parse(line));

            // Then nothing more, up to the time-out that was asked for.
            test.Time.Advance(TimeSpan.FromSeconds(exchange.Request["timeoutSeconds"]!.GetValue<int>()));
            while (await reader.ReadLineAsync(patience.Token) is { } line)
                events.Add(JsonNode.Parse(line));
            _comparer.Compare(exchange, expected, events, Faults);
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

        private void CompareHead(RecordedExchange exchange, HttpResponseMessage response, List<string> faults)
        {
            Compared += exchange.IsMust ? 1 : 0;
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
