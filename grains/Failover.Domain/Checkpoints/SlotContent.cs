namespace Failover.Domain.Checkpoints;

/// <summary>What a commit slot holds: a seal, a commit, or something that is neither and so never counts.</summary>
public abstract record SlotContent
{
    private const string SealMark = "SEALED";

    /// <summary>The epoch is over.</summary>
    public sealed record Seal : SlotContent;

    /// <summary>A commit.</summary>
    public sealed record CommitSlot(Commit Commit) : SlotContent;

    /// <summary>Neither, and why.</summary>
    public sealed record Malformed(string Reason) : SlotContent;

    /// <summary>A seal's text: the mark that trainers look for, and a word for people.</summary>
    public static string SealText(int epoch) => $"{SealMark}\nEpoch {epoch} is over: nothing committed after this slot counts.\n";

    /// <summary>Reads a slot.</summary>
    public static SlotContent Parse(string content)
    {
        if (content.StartsWith(SealMark, StringComparison.Ordinal))
            return new Seal();
        var (commit, faults) = CommitDocument.Parse(content);
        return commit is not null ? new CommitSlot(commit) : new Malformed(string.Join("; ", faults));
    }
}
