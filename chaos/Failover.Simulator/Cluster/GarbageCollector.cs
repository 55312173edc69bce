using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>Deletes what its owner left behind, finishes foreground and orphaning deletions of Jobs, and empties namespaces.</summary>
internal sealed class GarbageCollector(ClusterStore store)
{
    public void Run(IReadOnlyList<StoredObject> jobs, IReadOnlyList<StoredObject> pods)
    {
        // Before any Job goes below: what is orphaned there still has its owner in this view of the pods.
        foreach (var pod in pods.Where(p => p.Pod.OwnerUid.Length > 0 && !store.Objects.HasUid(p.Pod.OwnerUid)))
        {
            // Nobody is left to count it.
            if (pod.Pod.IsTracked)
                store.RemoveFinalizer(pod, PodFacts.TrackingFinalizer);
            if (!pod.Pod.IsDeleting)
                store.Delete(pod);
        }

        foreach (var job in jobs.Where(j => j.IsDeleting))
            FinishDeletion(job, [.. pods.Where(p => p.Pod.OwnerUid == job.Uid)]);
        foreach (var ns in store.Objects.All(ResourceKind.Namespace).Where(n => n.IsDeleting))
            Empty(ns);
    }

    private void FinishDeletion(StoredObject job, IReadOnlyList<StoredObject> dependents)
    {
        var finalizers = job.Metadata.Strings("finalizers").ToList();
        if (finalizers.Contains(Deletion.Orphan))
        {
            foreach (var pod in dependents)
            {
                store.Mutate(pod, tree =>
                {
                    var owners = tree.Metadata().Arr("ownerReferences");
                    foreach (var owner in tree.Metadata().Objects("ownerReferences").Where(o => o.Str("uid") == job.Uid).ToList())
                        owners!.Remove(owner);
                    if (owners is { Count: 0 })
                        tree.Metadata().Remove("ownerReferences");
                    return tree;
                });
                store.RemoveFinalizer(pod, PodFacts.TrackingFinalizer);
            }

            store.RemoveFinalizer(job, Deletion.Orphan);
        }
        else if (finalizers.Contains(Deletion.Foreground))
        {
            foreach (var pod in dependents.Where(p => !p.Pod.IsDeleting))
                store.Delete(pod);
            if (dependents.Count == 0)
                store.RemoveFinalizer(job, Deletion.Foreground);
        }
    }

    private void Empty(StoredObject ns)
    {
        var isEmpty = true;
        foreach (var kind in ResourceKind.BuiltIn.Where(k => k.Namespaced))
        {
            foreach (var content in store.Objects.All(kind).Where(o => o.Namespace == ns.Name))
            {
                isEmpty = false;
                if (!content.IsDeleting)
                    store.Delete(content);
            }
        }

        if (isEmpty)
            store.Objects.Delete(ResourceKind.Namespace, "", ns.Name, _ => false, dryRun: false);
    }
}
