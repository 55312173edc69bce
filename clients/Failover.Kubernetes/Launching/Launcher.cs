using System.Net;
using System.Text.Json;
using Failover.Abstractions.Ports;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Resilience;
using k8s;
using k8s.Models;

namespace Failover.Kubernetes.Launching;

/// <summary>Creates, adopts and deletes workloads on one member.</summary>
internal sealed class Launcher(MemberConnection connection, MemberPipeline pipeline, IReadOnlyList<IWorkloadKind> kinds)
{
    private const string FieldManager = "failover";
    private const string DryRun = "All";

    public async Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        var wanted = (ApiVersion: request.Spec.Workload["apiVersion"]?.GetValue<string>(), Kind: request.Spec.Workload["kind"]?.GetValue<string>());
        if (kinds.FirstOrDefault(kind => (kind.Resource.ApiVersion, kind.Resource.Kind) == wanted) is not { } workload)
        {
            return new CallResult(CallOutcome.Invalid, $"no adapter for workloads of kind {wanted.ApiVersion} {wanted.Kind}");
        }

        var manifest = workload.Manifest(request);
        var name = manifest["metadata"]!["name"]!.GetValue<string>();
        // Safe to repeat: the name is the launch's own, and whatever is there already is compared with it.
        var answer = await pipeline.RunAsync(
            attempt => connection.Acquire().CustomObjects.CreateNamespacedCustomObjectAsync<JsonElement>(
                manifest, workload.Resource.Group, workload.Resource.Version, request.Namespace, workload.Resource.Plural,
                fieldManager: FieldManager, fieldValidation: "Strict", cancellationToken: attempt),
            cancellationToken);
        return answer switch
        {
            { Ok: true } => new CallResult(CallOutcome.Done, $"created {name}"),
            { MayHaveActed: true } or { Status: HttpStatusCode.Conflict } => await ReadBackAsync(request, workload, name, answer, cancellationToken),
            _ => Refusal(answer),
        };
    }

    public async Task<CallResult> PreflightAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        var wanted = request.Spec.Workload["kind"]?.GetValue<string>();
        if (kinds.FirstOrDefault(kind => kind.Resource.Kind == wanted) is not { } workload)
        {
            return new CallResult(CallOutcome.Invalid, $"no adapter for workloads of kind {wanted}");
        }

        // A name of its own: what is launched already must not stand in the way of the question.
        var name = $"preflight-{request.RunUid}";
        var manifest = workload.Manifest(request);
        manifest["metadata"]!["name"] = name;
        var answer = await pipeline.RunAsync(
            attempt => connection.Acquire().CustomObjects.CreateNamespacedCustomObjectAsync<JsonElement>(
                manifest, workload.Resource.Group, workload.Resource.Version, request.Namespace, workload.Resource.Plural,
                dryRun: DryRun, fieldManager: FieldManager, fieldValidation: "Strict", cancellationToken: attempt),
            cancellationToken);
        if (!answer.Ok)
        {
            return Judged(answer);
        }

        // An API server looks at none of these when it takes a Job, whose pods it then refuses one after the other.
        var pod = workload.Pod(manifest);
        pod["metadata"]!["name"] = name;
        var typed = KubernetesJson.Deserialize<V1Pod>(pod.ToJsonString());
        var one = Judged(await pipeline.RunAsync(
            async attempt =>
            {
                await connection.Acquire().CoreV1.CreateNamespacedPodAsync(typed, request.Namespace, dryRun: DryRun, fieldManager: FieldManager, cancellationToken: attempt);
                return default;
            },
            cancellationToken));
        return one.Outcome == CallOutcome.Done ? await QuotasAsync(request, one, cancellationToken) : one;
    }

    /// <summary>A quota that takes one pod may not take the gang.</summary>
    private async Task<CallResult> QuotasAsync(LaunchRequest request, CallResult taken, CancellationToken cancellationToken)
    {
        V1ResourceQuotaList? quotas = null;
        var listed = await pipeline.RunAsync(
            async attempt =>
            {
                quotas = await connection.Acquire().CoreV1.ListNamespacedResourceQuotaAsync(request.Namespace, cancellationToken: attempt);
                return default;
            },
            cancellationToken);
        // Without the right to look, what was tried still holds; it is for a person to know that a part was not.
        if (listed.Status == HttpStatusCode.Forbidden)
            return taken with { Note = $"its namespace's quotas could not be looked at, and may be too small for the gang: {listed.Detail}" };
        if (!listed.Ok)
            return new CallResult(CallOutcome.Unknown, listed.Detail);
        if (GangQuota.Shortfall(request.Spec.Gang, quotas!.Items, []) is null)
            return taken;
        return await OwnPodsAsync(request, cancellationToken) is not { } own ? new CallResult(CallOutcome.Unknown, "the run's own pods could not be listed")
            : GangQuota.Shortfall(request.Spec.Gang, quotas.Items, own) is { } shortfall ? new CallResult(CallOutcome.Invalid, shortfall)
            : taken;
    }

    /// <summary>The run's pods that count towards quotas; <see langword="null"/> where they could not be listed.</summary>
    private async Task<List<V1Pod>?> OwnPodsAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        V1PodList? pods = null;
        var selector = $"{WorkloadLabels.Installation}={request.Installation},{WorkloadLabels.RunUid}={request.RunUid}";
        await pipeline.RunAsync(
            async attempt =>
            {
                pods = await connection.Acquire().CoreV1.ListNamespacedPodAsync(request.Namespace, labelSelector: selector, cancellationToken: attempt);
                return default;
            },
            cancellationToken);
        return pods?.Items.Where(pod => pod.Status?.Phase is not ("Succeeded" or "Failed")).ToList();
    }

    /// <summary>A member's word: yes, no, or none.</summary>
    private static CallResult Judged(ApiAnswer answer) => answer switch
    {
        { Ok: true } => new CallResult(CallOutcome.Done, "it would be taken"),
        { Kind: ApiAnswerKind.Answered, Status: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError }
            when answer.Status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized) => new CallResult(CallOutcome.Invalid, answer.Detail),
        _ => new CallResult(CallOutcome.Unknown, answer.Detail),
    };

    public async Task<CallResult> DeleteAsync(SeenWorkload seen, CancellationToken cancellationToken)
    {
        if (kinds.FirstOrDefault(kind => kind.Resource.Kind == seen.Kind) is not { } workload)
        {
            return new CallResult(CallOutcome.Invalid, $"no adapter for workloads of kind {seen.Kind}");
        }

        var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = seen.ObjectUid }, PropagationPolicy = "Background" };
        var answer = await pipeline.RunAsync(
            attempt => connection.Acquire().CustomObjects.DeleteNamespacedCustomObjectAsync<JsonElement>(
                workload.Resource.Group, workload.Resource.Version, seen.Namespace, workload.Resource.Plural, seen.Name, options, cancellationToken: attempt),
            cancellationToken);
        return answer switch
        {
            { Ok: true } => new CallResult(CallOutcome.Done, $"deleted {seen.Name}"),
            { Status: HttpStatusCode.NotFound } => new CallResult(CallOutcome.Done, $"{seen.Name} was gone already"),
            // The only precondition is the uid: another object has the name now.
            { Status: HttpStatusCode.Conflict } => new CallResult(CallOutcome.Done, $"{seen.Name} was gone already; another object has its name"),
            { MayHaveActed: true } => new CallResult(CallOutcome.Unknown, answer.Detail),
            _ => Refusal(answer),
        };
    }

    /// <summary>Looks at what has the name: this very launch (done, now or before), somebody else's (never), or nothing (who knows).</summary>
    private async Task<CallResult> ReadBackAsync(
        LaunchRequest request, IWorkloadKind workload, string name, ApiAnswer created, CancellationToken cancellationToken)
    {
        var there = await pipeline.RunAsync(
            attempt => connection.Acquire().CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>(
                workload.Resource.Group, workload.Resource.Version, request.Namespace, workload.Resource.Plural, name, attempt),
            cancellationToken);
        if (!there.Ok)
        {
            // Not there after a conflict: it was deleted in between, so a later try may have the name. Not there after a lost answer: it may yet come.
            return there.Status == HttpStatusCode.NotFound && created.Status == HttpStatusCode.Conflict
                ? new CallResult(CallOutcome.Refused, $"{name} existed, and was deleted just now")
                : new CallResult(CallOutcome.Unknown, $"{created.Detail}; read back: {there.Detail}");
        }

        var facts = workload.Read(there.Body);
        if ((facts.Installation, facts.RunUid, facts.Epoch, facts.LaunchId) != (request.Installation, request.RunUid, request.Epoch, request.LaunchId))
        {
            return new CallResult(CallOutcome.Invalid, $"{request.Namespace}/{name} exists and is not of this launch ({request.LaunchId}); its uid is {facts.Uid}");
        }

        return facts.Deleting
            ? new CallResult(CallOutcome.Refused, $"{name} is of this launch, but is being deleted")
            : new CallResult(CallOutcome.Done, $"{name} was there already");
    }

    /// <summary>What the server refused without effect. What a person can mend on the member (credentials, quota, rate) may be tried again.</summary>
    private static CallResult Refusal(ApiAnswer answer) => answer switch
    {
        {
            Kind: ApiAnswerKind.Answered,
            Status: HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.RequestEntityTooLarge
                or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity,
        } => new CallResult(CallOutcome.Invalid, answer.Detail),
        _ => new CallResult(CallOutcome.Refused, answer.Detail),
    };
}
