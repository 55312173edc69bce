using Failover.Abstractions.Ports;
using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using Failover.Protocol.V1;
using Failover.Silo.Yaml;
using Grpc.Core;
using Fault = Failover.Domain.Documents.Fault;

namespace Failover.Silo.Api;

/// <summary>Runs, for operators: documents in, views out.</summary>
internal sealed class RunsService(IRunDirectory directory, RunFinder finder, IGrainFactory grains, FleetBook fleets, StoreBoard stores, PlanningPolicy policy, TimeProvider time)
    : Protocol.V1.Runs.RunsBase
{
    private const int RequestIdMin = 8;
    private const int RequestIdMax = 64;

    public override async Task<SubmitRunReply> Submit(SubmitRunRequest request, ServerCallContext context)
    {
        if (request.RequestId.Length is < RequestIdMin or > RequestIdMax || !request.RequestId.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"A request id has {RequestIdMin} to {RequestIdMax} characters [A-Za-z0-9-]."));
        var yaml = YamlReader.Read(request.Document);
        if (!yaml.Faults.IsEmpty)
            return Refused(yaml.Faults);
        var read = RunSpecReader.Read(yaml.Document, fleets.Current);
        if (!read.IsValid)
            return Refused(read.Faults);
        var submission = await directory.SubmitAsync(read.Spec, request.RequestId, context.CancellationToken);
        return submission.IsOurs
            ? new SubmitRunReply { Submitted = RunViews.Whole(submission.Run, stores) }
            : Refused([new Fault("metadata.name", $"is the name of a live run, {submission.Run.Uid} ({submission.Run.Step}); choose another, or cancel that one")]);
    }

    public override async Task List(ListRunsRequest request, IServerStreamWriter<RunLine> responseStream, ServerCallContext context)
    {
        var runs = await directory.ListAsync(context.CancellationToken);
        var failbacks = await FailbacksAsync(runs);
        foreach (var run in runs)
        {
            if ((request.Tenant.Length == 0 || run.Spec.Tenant == request.Tenant) && (request.IncludeEnded || !run.IsTombstone))
                await responseStream.WriteAsync(RunViews.Line(run, failbacks.GetValueOrDefault(run.Uid)), context.CancellationToken);
        }
    }

    public override async Task<Run> Show(RunRef request, ServerCallContext context)
    {
        var run = await finder.FindAsync(request, context.CancellationToken);
        // Others' promises bear on whether there is room.
        var failbacks = run.Spec.Prefer.IsEmpty ? ImmutableSortedDictionary<string, Target>.Empty : await FailbacksAsync(await directory.ListAsync(context.CancellationToken));
        return RunViews.Whole(run, stores, failbacks.GetValueOrDefault(run.Uid));
    }

    public override async Task<Run> Cancel(CancelRunRequest request, ServerCallContext context)
    {
        var run = await finder.FindAsync(request.Run, context.CancellationToken);
        if (run.Step == RunStep.Finished)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Run {run.Spec.Name} has finished already; there is nothing to cancel."));
        return await ApplyAsync(run, new RunEvent.CancelRequested(time.GetUtcNow(), Operator.Of(request.By)));
    }

    public override async Task<Run> Retry(RetryRunRequest request, ServerCallContext context)
    {
        var run = await finder.FindAsync(request.Run, context.CancellationToken);
        if (run.Step != RunStep.Waiting)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Run {run.Spec.Name} does not wait: it is {run.Step}. Only a waiting run can be tried again."));
        return await ApplyAsync(run, new RunEvent.RetryRequested(time.GetUtcNow(), Operator.Of(request.By), request.FromNothing));
    }

    private static SubmitRunReply Refused(ImmutableArray<Fault> faults)
    {
        var reply = new SubmitRunReply { Faults = new Faults() };
        reply.Faults.Items.AddRange(faults.Select(fault => new Protocol.V1.Fault { Path = fault.Path, Message = fault.Message }));
        return reply;
    }

    /// <summary>Proposed failbacks by uid. Members are only asked where a run has a preference at all.</summary>
    private async Task<ImmutableSortedDictionary<string, Target>> FailbacksAsync(ImmutableArray<RunState> runs)
    {
        if (runs.All(run => run.Spec.Prefer.IsEmpty || run.IsTombstone))
            return ImmutableSortedDictionary<string, Target>.Empty;
        var members = await Task.WhenAll(fleets.Current.Members.Select(member => grains.GetGrain<IMemberGrain>(member.Name).GetAsync()));
        return Failback.All(new PlannerInput { Now = time.GetUtcNow(), SnapshotVersion = 0, Fleet = fleets.Current, Runs = runs, Members = [.. members] }, policy);
    }

    private async Task<Run> ApplyAsync(RunState run, RunEvent runEvent)
    {
        var grain = grains.GetGrain<IRunGrain>(run.Uid);
        await grain.ApplyAsync(runEvent);
        return RunViews.Whole(await grain.GetAsync() ?? run, stores);
    }
}
