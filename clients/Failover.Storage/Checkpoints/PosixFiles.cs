using System.Runtime.InteropServices;
using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>
/// The few file operations whose atomicity the fence stands on and that .NET does not offer: a link that fails where the name exists, a folder made without its parents,
/// a folder flushed, and a stat that follows no link.
/// </summary>
internal static partial class PosixFiles
{
    private const int NotThere = 2;
    private const int Denied = 13;
    private const int NotPermitted = 1;
    private const int Exists = 17;
    private const int NotADirectory = 20;
    private const int NameTooLong = 36;
    private const int TooManyLinks = 40;
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;
    // O_RDONLY | O_CLOEXEC. Not O_DIRECTORY: its value is another one on arm64, where this one means O_DIRECT.
    private const int OpenToRead = 0x80000;
    private const ushort KindMask = 0xf000;
    private const ushort KindRegular = 0x8000;
    private const ushort KindDirectory = 0x4000;

    /// <summary>What a path names.</summary>
    internal enum Kind
    {
        /// <summary>Nothing.</summary>
        Nothing,

        /// <summary>A regular file.</summary>
        File,

        /// <summary>A folder.</summary>
        Folder,

        /// <summary>A symbolic link, a device, or something else that has no business in a store.</summary>
        Other,
    }

    /// <summary>Size, and an ETag of inode, size and modification time; making or removing hard links leaves it as it is.</summary>
    internal readonly record struct Found(Kind Kind, long SizeBytes, string ETag);

    /// <summary>Gives a file a second name; false where that name exists.</summary>
    public static bool Link(string existing, string name)
    {
        if (LinkNative(existing, name) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw Failure(error, name);
    }

    /// <summary>Makes one folder, never its parents; harmless where it exists. Its rights are the umask's business: trainers write beside us.</summary>
    public static void MakeFolder(string path)
    {
        if (MkdirNative(path, 0b111_111_111) == 0)
            return;
        var error = Marshal.GetLastPInvokeError();
        if (error != Exists)
            throw Failure(error, path);
    }

    /// <summary>Flushes a folder, so that the names in it survive a power loss.</summary>
    public static void FlushFolder(string path)
    {
        var handle = OpenNative(path, OpenToRead, 0);
        if (handle < 0)
            throw Failure(Marshal.GetLastPInvokeError(), path);
        try
        {
            if (FsyncNative(handle) != 0)
                throw Failure(Marshal.GetLastPInvokeError(), path);
        }
        finally
        {
            _ = CloseNative(handle);
        }
    }

    /// <summary>What a path names, without following a link in its last part. A name that no file can have, as a stranger's document may give, is nothing.</summary>
    public static Found Stat(string path)
    {
        if (StatxNative(CurrentDirectory, path, NoFollow, BasicStats, out var stat) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NotThere or NotADirectory or NameTooLong ? default : throw Failure(error, path);
        }
        var kind = (stat.Mode & KindMask) switch
        {
            KindRegular => Kind.File,
            KindDirectory => Kind.Folder,
            _ => Kind.Other,
        };
        return new Found(kind, (long)stat.Size, $"{stat.Inode:x}:{stat.Size:x}:{stat.ModifiedSeconds:x}.{stat.ModifiedNanoseconds:x}");
    }

    private static StoreUnavailableException Failure(int error, string path) =>
        new($"{Path.GetFileName(path)}: {Marshal.GetPInvokeErrorMessage(error)}") { Denied = error is Denied or NotPermitted or TooManyLinks };

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkNative(string existing, string name);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MkdirNative(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FsyncNative(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseNative(int handle);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxNative(int folder, string path, int flags, uint mask, out StatxBuffer buffer);

    /// <summary>Linux's <c>struct statx</c>, the same on every architecture; only what is read here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;
    }
}
