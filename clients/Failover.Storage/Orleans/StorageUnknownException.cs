namespace Failover.Storage.Orleans;

/// <summary>A write's answer was lost and reading back did not settle it: the row may be changed or not (I4). The activation's state is not to be trusted.</summary>
[GenerateSerializer]
[Alias("failover.storage-unknown")]
public sealed class StorageUnknownException : OrleansException
{
    /// <summary>An exception that says nothing more.</summary>
    public StorageUnknownException() { }

    /// <summary>An exception that names the row.</summary>
    public StorageUnknownException(string message) : base(message) { }

    /// <summary>An exception that names the row, and what came back.</summary>
    public StorageUnknownException(string message, Exception innerException) : base(message, innerException) { }
}
