using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// Runs Jobs: makes their pods, counts how those end, replaces what failed within the backoff limit, and closes the Job.
/// Pods always count by their phase: restartPolicy OnFailure is treated as Never, so each failure is a new pod.
/// </summary>
internal sealed class JobController(SimulatedMemberOptions options, ClusterStore store)
{
    // What each Job looked like when it was last synced, so that news can be told, and gathered.
    private readonly Dictionary<string, Synced> _synced = new(StringComparer.Ordinal);

    // When a Job's pods may be replaced again; only Jobs with failures are here.
    private readonly Dictionary<string, DateTimeOffset> _replaceAt = new(StringComparer.Ordinal);

    public void Run(IReadOnlyList<StoredObject> jobs, IReadOnlyList<StoredObject> pods, Deadlines deadlines)
    {
        var byOwner = pods.ToLookup(p => p.Pod.OwnerUid, StringComparer.Ordinal);
        foreach (var job in jobs)
        {
            List<StoredObject> own = [.. byOwner[job.Uid]];
            if (IsDue(job, own, deadlines))
                Sync(new JobTally(job, own), deadlines);
        }

        if (_synced.Count > jobs.Count)
        {
            var present = jobs.Select(j => j.Uid).ToHashSet(StringComparer.Ordinal);
            foreach (var uid in _synced.Keys.Where(u => !present.Contains(u)).ToList())
            {
                _synced.Remove(uid);
                _replaceAt.Remove(uid);
            }
        }
    }

    // A change of the Job's own is acted upon at once, news of its pods after a while, all together.
    private bool IsDue(StoredObject job, List<StoredObject> pods, Deadlines deadlines)
    {
        var digest = new HashCode();
        foreach (var pod in pods)
            digest.Add(pod.Revision);
        var seen = digest.ToHashCode();
        var now = store.Now;
        if (!_synced.TryGetValue(job.Uid, out var last))
        {
            _synced.Add(job.Uid, new Synced { Generation = Wish(job), Pods = seen });
            return true;
        }

        if (last.Pods != seen)
            last.DueAt ??= now + options.JobSyncPeriod;
        if (_replaceAt.TryGetValue(job.Uid, out var replaceAt) && now >= replaceAt)
        {
            _replaceAt.Remove(job.Uid);
            last.DueAt = now;
        }
        else if (replaceAt != default)
        {
            deadlines.Add(replaceAt);
        }

        if (last.Generation == Wish(job) && (last.DueAt is null || now < last.DueAt))
        {
            if (last.DueAt is { } due)
                deadlines.Add(due);
            return false;
        }

        last.Generation = Wish(job);
        last.Pods = seen;
        last.DueAt = null;
        return true;
    }

    private static (int Generation, bool IsDeleting) Wish(StoredObject job) => (job.Metadata.Int("generation") ?? 0, job.IsDeleting);

    private void Sync(JobTally tally, Deadlines deadlines)
    {
        var job = tally.Job;
        if (tally.IsClosed)
        {
            Untrack(tally.Pods);
            return;
        }

        if (tally.NewlyFailed > 0)
            _replaceAt[job.Uid] = store.Now + options.PodReplacementDelay;

        // Counted first and untracked afterwards: a pod that went in between would never be counted.
        var now = store.NowText;
        var isFailing = tally.IsFailing;
        if (!job.IsDeleting)
        {
            if (isFailing || tally.IsSuspended || tally.IsSucceeded)
                EndActive(tally);
            else
                Fill(tally, deadlines);
        }

        if (store.Mutate(job, tree => tally.Report(tree, now)))
            Untrack(tally.Counted);
    }

    private void Untrack(IReadOnlyList<StoredObject> pods)
    {
        foreach (var pod in pods.Where(p => p.Pod.IsTracked))
            store.RemoveFinalizer(pod, PodFacts.TrackingFinalizer);
    }

    private void EndActive(JobTally tally)
    {
        foreach (var pod in tally.Pods.Where(p => p.Pod.IsActive))
        {
            store.Delete(pod);
            tally.Active.Remove(pod);
            tally.Terminating++;
        }
    }

    private void Fill(JobTally tally, Deadlines deadlines)
    {
        foreach (var surplus in tally.Active.OrderBy(p => p.Pod.Index).Skip(tally.Parallelism).ToList())
        {
            store.Delete(surplus);
            tally.Active.Remove(surplus);
            tally.Terminating++;
        }

        var missing = tally.MissingIndexes();
        if (missing.Count == 0)
            return;
        if (_replaceAt.TryGetValue(tally.Job.Uid, out var replaceAt) && store.Now < replaceAt)
        {
            deadlines.Add(replaceAt);
            return;
        }

        foreach (var index in missing)
        {
            if (CreatePod(tally, index) is { } pod)
            {
                tally.Active.Add(pod);
                continue;
            }

            // What keeps one pod out keeps out the others as well; the real controller backs off, too.
            _replaceAt[tally.Job.Uid] = store.Now + options.PodReplacementDelay;
            deadlines.Add(_replaceAt[tally.Job.Uid]);
            return;
        }
    }

    /// <summary>The pod, or null where admission refuses it.</summary>
    private StoredObject? CreatePod(JobTally tally, int index)
    {
        var job = tally.Job;
        var template = Json.Copy(job.Tree.Obj("spec").Obj("template") ?? []);
        var prefix = tally.IsIndexed ? $"{job.Name}-{index}-" : $"{job.Name}-";
        var metadata = template.Metadata();
        metadata["generateName"] = prefix;
        metadata["name"] = prefix + store.Objects.NewSuffix();
        metadata["namespace"] = job.Namespace;
        metadata["uid"] = store.Objects.NewUid();
        metadata["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["name"] = job.Name,
            ["uid"] = job.Uid,
            ["controller"] = true,
            ["blockOwnerDeletion"] = true,
        });
        metadata["finalizers"] = new JsonArray(PodFacts.TrackingFinalizer);
        var spec = template.Ensure("spec");
        if (tally.IsIndexed)
        {
            metadata.Ensure("labels")[PodFacts.IndexLabel] = index.ToString();
            metadata.Ensure("annotations")[PodFacts.IndexLabel] = index.ToString();
            spec["hostname"] = $"{job.Name}-{index}";
            foreach (var container in spec.Objects("containers"))
                AddIndexVariable(container);
        }

        try
        {
            return Admission.Create(store.Objects, ResourceKind.Pod, template, dryRun: false);
        }
        catch (ApiException error) when (error.Code == 403)
        {
            return null;
        }
    }

    private static void AddIndexVariable(JsonObject container)
    {
        const string Name = "JOB_COMPLETION_INDEX";
        if (container.Objects("env").Any(e => e.Str("name") == Name))
            return;
        container.Default("env", new JsonArray());
        container.Arr("env")!.Add(new JsonObject
        {
            ["name"] = Name,
            ["valueFrom"] = new JsonObject
            {
                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = $"metadata.labels['{PodFacts.IndexLabel}']" },
            },
        });
    }

    /// <summary>What the controller knew of a Job at its last sync.</summary>
    private sealed class Synced
    {
        public required (int Generation, bool IsDeleting) Generation { get; set; }

        public required int Pods { get; set; }

        /// <summary>When news of its pods are to be acted upon; null if there are none.</summary>
        public DateTimeOffset? DueAt { get; set; }
    }
}
