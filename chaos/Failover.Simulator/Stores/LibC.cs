using System.Runtime.InteropServices;

namespace Failover.Simulator.Stores;

/// <summary>
/// The calls of the C library that .NET lacks or wraps too kindly: <c>Directory.CreateDirectory</c> makes every missing level, and so would put a plain
/// folder where a mount was cut.
/// </summary>
internal static partial class LibC
{
    private const int FileExists = 17; // EEXIST, the same on Linux and macOS
    private const int NotEmpty = 39; // ENOTEMPTY on Linux
    private const int NotEmptyOnMac = 66;
    private const uint Everyone = 0x1ED; // 0755

    /// <summary>Makes one level; its parent must be there. True also where the folder was there already.</summary>
    public static void MakeDirectory(string path)
    {
        if (NativeMakeDirectory(path, Everyone) != 0 && Marshal.GetLastPInvokeError() != FileExists) throw Failure("mkdir", path);
    }

    /// <summary>Gives <paramref name="from"/> a second name. False where that name is taken.</summary>
    public static bool Link(string from, string to)
    {
        if (NativeLink(from, to) == 0) return true;
        return Marshal.GetLastPInvokeError() == FileExists ? false : throw Failure("link", to);
    }

    /// <summary>Makes a named pipe; whoever opens it to read waits in the kernel until somebody opens it to write.</summary>
    public static void MakePipe(string path)
    {
        if (NativeMakePipe(path, Everyone) != 0 && Marshal.GetLastPInvokeError() != FileExists) throw Failure("mkfifo", path);
    }

    /// <summary>Renames within one file system, over what was there; atomic.</summary>
    public static void Rename(string from, string to)
    {
        if (NativeRename(from, to) != 0) throw Failure("rename", to);
    }

    /// <summary>Removes an empty folder. False where it holds something.</summary>
    public static bool RemoveDirectory(string path)
    {
        if (NativeRemoveDirectory(path) == 0) return true;
        return Marshal.GetLastPInvokeError() is NotEmpty or NotEmptyOnMac or FileExists ? false : throw Failure("rmdir", path);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncDirectory(string path)
    {
        var descriptor = NativeOpen(path, 0);
        if (descriptor < 0) throw Failure("open", path);
        try
        {
            if (NativeSync(descriptor) != 0) throw Failure("fsync", path);
        }
        finally
        {
            // Nothing was written through this descriptor, so that a failed close loses nothing.
            _ = NativeClose(descriptor);
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} {path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeMakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeMakePipe(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeLink(string from, string to);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeRename(string from, string to);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeRemoveDirectory(string path);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeOpen(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeClose(int descriptor);
}
