namespace Failover.Abstractions.State;

/// <summary>A stored row is not what its partition holds: damaged, or written by a silo that knows more than this one. What it says is Unknown, which is not that it is not there.</summary>
public sealed class UnreadableRowException : Exception
{
    /// <summary>An exception that says nothing more.</summary>
    public UnreadableRowException() { }

    /// <summary>An exception that says which row, and why.</summary>
    public UnreadableRowException(string message) : base(message) { }

    /// <summary>An exception that says which row, and what came of reading it.</summary>
    public UnreadableRowException(string message, Exception innerException) : base(message, innerException) { }
}
