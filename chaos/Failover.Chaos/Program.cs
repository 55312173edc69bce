using Failover.Chaos.Commands;

return await ChaosCommand.InvokeAsync(args);
