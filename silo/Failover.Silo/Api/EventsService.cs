using System.Text.Json;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Telling;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Failover.Silo.Api;

/// <summary>What was decided, told from what was stored.</summary>
internal sealed class EventsService(IRowFeed feed, TimeProvider time) : Events.EventsBase
{
    private const int LastMax = 10_000;
    private const int Batch = 1_000;

    /// <summary>How far to look back for the last ones: most writes decide nothing.</summary>
    private const long LookBack = 20_000;

    private static readonly string Runs = TableStorage.PartitionOf("run");
    private static readonly string Members = TableStorage.PartitionOf("member");
    private static readonly string TheBrake = TableStorage.PartitionOf("brake");
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(300);

    public override async Task Follow(FollowEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        if (request.Last is < 0 or > LastMax)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"last is {request.Last}; write 0 to {LastMax}."));
        var cancellation = context.CancellationToken;
        var end = await feed.LastAsync(cancellation);
        var read = request.HasAfter ? request.After : Math.Max(0, end - LookBack);
        var kept = new Queue<Event>();
        var told = new Told();
        while (true)
        {
            var rows = await feed.ReadAsync(read, Batch, cancellation);
            foreach (var row in rows)
            {
                read = row.Seq;
                foreach (var decision in Decide(row).Where(decision => request.Name.Length == 0 || decision.Name == request.Name).Where(told.IsNew))
                {
                    var happened = View(row.Seq, decision);
                    if (request.HasAfter || row.Seq > end)
                    {
                        await responseStream.WriteAsync(happened, cancellation);
                        continue;
                    }
                    kept.Enqueue(happened);
                    if (kept.Count > request.Last)
                        kept.Dequeue();
                }
            }

            if (read >= end || rows.IsEmpty)
            {
                while (kept.TryDequeue(out var happened))
                    await responseStream.WriteAsync(happened, cancellation);
                if (!request.Follow)
                    return;
            }

            if (rows.IsEmpty)
                await Task.Delay(Poll, time, cancellation);
        }
    }

    /// <summary>A row that can't be read is news, and hides no other. It is dated when it is told: what it says of its time can't be read either.</summary>
    private IEnumerable<Decision> Decide(FedRow row)
    {
        try
        {
            return [.. Read(row)];
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            return [new Decision(time.GetUtcNow(), row.Partition == Runs ? "run" : row.Partition == Members ? "member" : "brake", row.Row, "Unreadable", fault.Message)];
        }
    }

    private static IEnumerable<Decision> Read(FedRow row) => row.Payload is not { } payload ? []
        : row.Partition == Runs ? Decisions.Of(StateJson.Read<RunState>(payload))
        : row.Partition == Members ? Decisions.Of(StateJson.Read<MemberState>(payload))
        : row.Partition == TheBrake ? Decisions.Of(StateJson.Read<BrakeState>(payload))
        : [];

    private static Event View(long seq, Decision decision) => new()
    {
        Seq = seq,
        At = decision.At.ToTimestamp(),
        About = decision.About,
        Name = decision.Name,
        What = decision.What,
        Detail = decision.Detail,
    };

    /// <summary>What was told lately: a row that is written twice within its own present tells the same twice, with other rows in between.</summary>
    private sealed class Told
    {
        private const int Max = 1_000;

        private readonly HashSet<Decision> known = [];
        private readonly Queue<Decision> order = new();

        public bool IsNew(Decision decision)
        {
            if (!known.Add(decision))
                return false;
            order.Enqueue(decision);
            if (order.Count > Max)
                known.Remove(order.Dequeue());
            return true;
        }
    }
}
