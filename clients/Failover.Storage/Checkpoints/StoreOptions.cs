using System.ComponentModel.DataAnnotations;

namespace Failover.Storage.Checkpoints;

/// <summary>Our patience with checkpoint stores.</summary>
public sealed class StoreOptions
{
    /// <summary>Where they are in the configuration.</summary>
    public const string SectionName = "Failover:Stores";

    /// <summary>How long a store may take to answer before it counts as out of reach. A sealing takes several answers, and has to end within an effect's time-out.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>The same while an earlier question to it is still open: it hangs, and asking is only to see whether it still does.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan PatienceInDoubt { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a file that is read or copied may make no progress.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan BulkPatience { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Questions to one store at once, and as many reads and copies of files; those that hang keep their places, each with a thread in the kernel. With as many left open it is
    /// asked nothing until one is answered.
    /// </summary>
    [Range(1, 64)]
    public int OpenMax { get; set; } = 8;

    /// <summary>What earlier tries and bad copies left behind is removed once it is so old.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan LeftoverAge { get; set; } = TimeSpan.FromDays(1);
}
