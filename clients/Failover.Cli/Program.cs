using Failover.Cli;

return await CommandLine.RunAsync(args, Surroundings.OfProcess());
