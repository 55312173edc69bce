using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>Where one Job stands: its status so far plus what its pods add to it, and the status that follows.</summary>
internal sealed class JobTally
{
    private readonly JsonObject? _spec;
    private readonly JsonObject? _status;
    private readonly SortedSet<int> _completed;
    private readonly bool _replacesFailedOnly;

    public JobTally(StoredObject job, IReadOnlyList<StoredObject> pods)
    {
        Job = job;
        Pods = pods;
        _spec = job.Tree.Obj("spec");
        _status = job.Tree.Obj("status");
        _completed = ReadIndexes(_status.Str("completedIndexes"));
        _replacesFailedOnly = _spec.Str("podReplacementPolicy") == "Failed";
        IsClosed = Has("Complete") || Has("Failed");
        Active = [.. pods.Where(p => p.Pod.IsActive)];
        Terminating = pods.Count(p => p.Pod is { IsDeleting: true, IsFinished: false });
        Counted = IsClosed ? [] : [.. pods.Where(p => p.Pod.IsTracked && IsOver(p))];
        Succeeded = _status.Int("succeeded") ?? 0;
        foreach (var pod in Counted.Where(p => p.Pod.Phase == "Succeeded"))
        {
            if (!IsIndexed || _completed.Add(pod.Pod.Index))
                Succeeded++;
        }

        // What a suspension ended has not failed.
        NewlyFailed = Counted.Count(p => p.Pod.Phase != "Succeeded" && !(IsSuspended && p.Pod.IsDeleting));
        Failed = (_status.Int("failed") ?? 0) + NewlyFailed;
    }

    public StoredObject Job { get; }

    public IReadOnlyList<StoredObject> Pods { get; }

    /// <summary>Pods whose end is taken into account by this tally, and that need not be held for it any longer.</summary>
    public IReadOnlyList<StoredObject> Counted { get; }

    public List<StoredObject> Active { get; }

    public int Terminating { get; set; }

    public int Succeeded { get; }

    public int Failed { get; }

    public int NewlyFailed { get; }

    public bool IsClosed { get; }

    public bool IsIndexed => _spec.Str("completionMode") == "Indexed";

    public bool IsSuspended => _spec.Bool("suspend") == true;

    public int Parallelism => _spec.Int("parallelism") ?? 1;

    public bool IsFailing => !IsSucceeded && (Has("FailureTarget") || Failed > (_spec.Int("backoffLimit") ?? 6));

    public bool IsSucceeded => Has("SuccessCriteriaMet")
        || (_spec.Int("completions") is { } completions
            ? Succeeded >= completions
            : Succeeded > 0 && Active.Count == 0);

    /// <summary>The indexes to make pods for now, lowest first; for Jobs without indexes, as many zeros.</summary>
    public IReadOnlyList<int> MissingIndexes()
    {
        // With this policy a pod that is still ending keeps its place.
        var holding = Pods.Where(p => _replacesFailedOnly ? !p.Pod.IsFinished : p.Pod.IsActive).ToList();
        var places = Parallelism - holding.Count;
        if (places <= 0)
            return [];
        if (!IsIndexed)
        {
            var open = _spec.Int("completions") is { } completions ? completions - Succeeded - holding.Count : places;
            return [.. Enumerable.Repeat(0, Math.Max(0, Math.Min(places, open)))];
        }

        var taken = holding.Select(p => p.Pod.Index).ToHashSet();
        return [.. Enumerable.Range(0, _spec.Int("completions") ?? 0).Where(i => !taken.Contains(i) && !_completed.Contains(i)).Take(places)];
    }

    /// <summary>Writes the status that follows into a copy of the Job.</summary>
    public JsonObject Report(JsonObject tree, string now)
    {
        var status = tree.Ensure("status");
        ReportSuspension(status, now);
        ReportEnd(status, now);
        Count(status, "active", Active.Count);
        Count(status, "succeeded", Succeeded);
        Count(status, "failed", Failed);
        status["terminating"] = Terminating;
        status["ready"] = Active.Count(p => p.Pod.IsReady);
        status["uncountedTerminatedPods"] = new JsonObject();
        if (_completed.Count > 0)
            status["completedIndexes"] = WriteIndexes(_completed);
        return tree;
    }

    private bool IsOver(StoredObject pod)
    {
        if (pod.Pod.IsFinished)
            return true;

        // By default a deleted pod counts as failed at once, since it may never get to say so itself.
        return pod.Pod.IsDeleting && !_replacesFailedOnly;
    }

    private bool Has(string condition) =>
        _status.Objects("conditions").Any(c => c.Str("type") == condition && c.Str("status") == "True");

    private void ReportSuspension(JsonObject status, string now)
    {
        if (Job.IsDeleting)
            return;
        if (IsSuspended)
        {
            status.Remove("startTime");
            Set(status, "Suspended", "True", "JobSuspended", "Job suspended", now);
        }
        else
        {
            status.Default("startTime", now);
            if (Has("Suspended"))
                Set(status, "Suspended", "False", "JobResumed", "Job resumed", now);
        }
    }

    private void ReportEnd(JsonObject status, string now)
    {
        var isQuiet = Active.Count == 0 && Terminating == 0;
        if (IsSucceeded)
        {
            const string Message = "Reached expected number of succeeded pods";
            Set(status, "SuccessCriteriaMet", "True", "CompletionsReached", Message, now);
            if (!isQuiet)
                return;
            Set(status, "Complete", "True", "CompletionsReached", Message, now);
            status["completionTime"] = now;
        }
        else if (IsFailing)
        {
            const string Message = "Job has reached the specified backoff limit";
            Set(status, "FailureTarget", "True", "BackoffLimitExceeded", Message, now);
            if (isQuiet)
                Set(status, "Failed", "True", "BackoffLimitExceeded", Message, now);
        }
    }

    private static void Count(JsonObject status, string key, int value)
    {
        if (value > 0)
            status[key] = value;
        else
            status.Remove(key);
    }

    private static void Set(JsonObject status, string type, string value, string reason, string message, string now)
    {
        status.Default("conditions", new JsonArray());
        var conditions = status.Arr("conditions")!;
        var old = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Str("type") == type);
        if (old.Str("status") == value)
            return;
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastProbeTime"] = now,
            ["lastTransitionTime"] = now,
            ["reason"] = reason,
            ["message"] = message,
        };
        if (old is null)
            conditions.Add(condition);
        else
            conditions[conditions.IndexOf(old)] = condition;
    }

    // As in "0-3,5".
    private static SortedSet<int> ReadIndexes(string? text)
    {
        var indexes = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-').Select(int.Parse).ToArray();
            for (var i = ends[0]; i <= ends[^1]; i++)
                indexes.Add(i);
        }

        return indexes;
    }

    private static string WriteIndexes(SortedSet<int> indexes)
    {
        var ranges = new List<(int From, int To)>();
        foreach (var index in indexes)
        {
            if (ranges.Count > 0 && ranges[^1].To == index - 1)
                ranges[^1] = (ranges[^1].From, index);
            else
                ranges.Add((index, index));
        }

        return string.Join(",", ranges.Select(r => (r.To - r.From) switch
        {
            0 => $"{r.From}",
            1 => $"{r.From},{r.To}",
            _ => $"{r.From}-{r.To}",
        }));
    }
}
