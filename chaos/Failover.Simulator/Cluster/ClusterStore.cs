using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// The store as controllers use it: writes that name the object by uid, and that may find it changed or gone, since
/// clients write at any time. A refused write is simply not done; the next pass sees what is there by then.
/// </summary>
internal sealed class ClusterStore(ObjectStore store)
{
    public ObjectStore Objects => store;

    public DateTimeOffset Now => store.Time.GetUtcNow();

    public string NowText => Json.Time(Now);

    public bool Mutate(StoredObject target, Func<JsonObject, JsonObject> change)
    {
        try
        {
            store.Mutate(target.Kind, target.Namespace, target.Name, tree => tree.Metadata().Str("uid") == target.Uid
                ? change(tree)
                : throw ApiException.NotFound(target.Kind, target.Name));
            return true;
        }
        catch (ApiException error) when (error.Code is 404 or 409)
        {
            return false;
        }
    }

    /// <summary>Deletes with the object's own grace period, or with the one given.</summary>
    public void Delete(StoredObject target, int? graceSeconds = null)
    {
        try
        {
            Deletion.Delete(
                store,
                target.Kind,
                target.Namespace,
                target.Name,
                new DeleteOptions { Uid = target.Uid, GracePeriodSeconds = graceSeconds, PropagationPolicy = "Background" });
        }
        catch (ApiException error) when (error.Code is 404 or 409)
        {
            // It is gone already, or another has its name.
        }
    }

    public void Bind(StoredObject pod, string node)
    {
        try
        {
            PodSubresources.Bind(store, pod.Namespace, pod.Name, node);
        }
        catch (ApiException error) when (error.Code is 404 or 409)
        {
            // It was deleted or bound meanwhile.
        }
    }

    public void RemoveFinalizer(StoredObject target, string finalizer) => Mutate(target, tree =>
    {
        var finalizers = tree.Metadata().Arr("finalizers");
        var present = finalizers?.FirstOrDefault(f => f!.GetValue<string>() == finalizer);
        if (present is null)
            return tree;
        finalizers!.Remove(present);
        if (finalizers.Count == 0)
            tree.Metadata().Remove("finalizers");
        return tree;
    });
}
