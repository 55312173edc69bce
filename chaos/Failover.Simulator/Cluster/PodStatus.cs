using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>The pod statuses that a kubelet reports.</summary>
internal static class PodStatus
{
    public static JsonObject Running(JsonObject pod, string now)
    {
        var status = pod.Ensure("status");
        status["phase"] = "Running";
        status["startTime"] = now;
        status["podIP"] = "10.244.0.10";
        status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = "10.244.0.10" });
        foreach (var type in (string[])["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"])
            PodSubresources.WithCondition(pod, type, "True", now);
        status["containerStatuses"] = Containers(pod, _ => new JsonObject { ["running"] = new JsonObject { ["startedAt"] = now } }, isReady: true);
        return pod;
    }

    public static JsonObject Finished(JsonObject pod, int exitCode, string reason, string now)
    {
        var status = pod.Ensure("status");
        status["phase"] = exitCode == 0 ? "Succeeded" : "Failed";
        foreach (var type in (string[])["Ready", "ContainersReady"])
            PodSubresources.WithCondition(pod, type, "False", now, exitCode == 0 ? "PodCompleted" : "PodFailed");
        status["containerStatuses"] = Containers(
            pod,
            started => new JsonObject
            {
                ["terminated"] = new JsonObject { ["exitCode"] = exitCode, ["reason"] = reason, ["startedAt"] = started, ["finishedAt"] = now },
            },
            isReady: false);
        return pod;
    }

    private static JsonArray Containers(JsonObject pod, Func<string?, JsonObject> state, bool isReady)
    {
        var started = pod.Obj("status").Str("startTime");
        var statuses = new JsonArray();
        foreach (var container in pod.Obj("spec").Objects("containers"))
        {
            statuses.Add(new JsonObject
            {
                ["name"] = container.Str("name"),
                ["state"] = state(started),
                ["lastState"] = new JsonObject(),
                ["ready"] = isReady,
                ["restartCount"] = 0,
                ["image"] = container.Str("image"),
                ["imageID"] = container.Str("image"),
                ["started"] = isReady,
            });
        }

        return statuses;
    }
}
