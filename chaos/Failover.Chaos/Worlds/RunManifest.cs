namespace Failover.Chaos.Worlds;

/// <summary>Runs as a user would write them.</summary>
public static class RunManifest
{
    /// <summary>The <c>TrainingRun</c> document of a planned run.</summary>
    public static string Of(RunPlan run) =>
        $$"""
        apiVersion: failover.dev/v1
        kind: TrainingRun
        metadata: { name: {{run.Name}}, tenant: {{WorldPlan.Tenant}} }
        spec:
          gang: { workers: {{run.Workers}}, gpusPerWorker: {{run.GpusPerWorker}} }
          skus: [{{string.Join(", ", run.Skus)}}]
          tier: {{run.Tier}}
          checkpoints: { store: {{run.Store}}, expectedSizeGB: 0.001 }
          progress: { by: {{(run.Heartbeats ? "heartbeat" : "commit")}}, heartbeatInterval: {{WorldPlan.HeartbeatEvery.TotalSeconds:0}}s }
          retries: { inPlace: 5, elsewhere: 5 }
          deadlines: { staging: 30s, launch: 30s, verify: {{VerifyFor(run).TotalSeconds:0}}s, quiesce: 30s }
          workload:
            apiVersion: batch/v1
            kind: Job
            spec:
              backoffLimit: 0
              template:
                spec:
                  restartPolicy: Never
                  terminationGracePeriodSeconds: 5
                  containers:
                  - name: trainer
                    image: registry.example/trainer:1
                    env:
                    - { name: TRAINER_SEED, value: "{{run.Seed}}" }
                    - { name: TRAINER_STEPS, value: "{{run.Steps}}" }
                    - { name: TRAINER_STEP_MS, value: "{{run.StepTime.TotalMilliseconds:0}}" }
                    - { name: TRAINER_COMMIT_EVERY, value: "{{run.CommitEvery}}" }
                    - { name: TRAINER_LOAD_MS, value: "{{run.Load.TotalMilliseconds:0}}" }
                    - { name: TRAINER_KEEP, value: "{{run.Keep}}" }
                    - { name: TRAINER_AWKWARD, value: "{{(run.Awkward ? 1 : 0)}}" }
                    - { name: TRAINER_TERSE, value: "{{(run.Terse ? 1 : 0)}}" }
                    resources: { limits: { nvidia.com/gpu: "{{run.GpusPerWorker}}" } }

        """;

    /// <summary>As users are told to: what it takes to load, and until progress is seen.</summary>
    private static TimeSpan VerifyFor(RunPlan run) => TimeSpan.FromSeconds(45) + run.Load + (run.Heartbeats ? TimeSpan.Zero : 2 * run.CommitEvery * run.StepTime);
}
