using System.ComponentModel.DataAnnotations;

namespace Failover.Silo.Hosting;

/// <summary>Where a silo finds its fleet, keeps its state, and listens.</summary>
public sealed class SiloOptions
{
    /// <summary>Where they are in the configuration.</summary>
    public const string SectionName = "Failover";

    /// <summary>The fleet file.</summary>
    [Required]
    public string Fleet { get; set; } = "";

    /// <summary>How often the fleet file is looked at for an edit.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "01:00:00")]
    public TimeSpan FleetPoll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The folder of the SQLite state; created if absent.</summary>
    [Required]
    public string Data { get; set; } = "failover-data";

    /// <summary>Where the API listens. Loopback only, until roles exist.</summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:7070";

    /// <summary>Where <c>/livez</c>, <c>/readyz</c> and <c>/metrics</c> are answered, over HTTP/1.1: an address and a port, such as http://0.0.0.0:7071. They only tell.</summary>
    [Required]
    public string Health { get; set; } = "http://127.0.0.1:7071";

    /// <summary>The site that this silo witnesses from; one of the fleet file's sites.</summary>
    [Required]
    public string Site { get; set; } = "local";

    /// <summary>Orleans' port between silos.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    /// <summary>Orleans' port for its clients.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;
}
