using Failover.Silo.Hosting;

return await SiloHost.RunAsync(args);
