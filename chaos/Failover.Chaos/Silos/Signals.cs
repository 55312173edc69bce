using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Failover.Chaos.Silos;

/// <summary>The signals that .NET does not send.</summary>
internal static partial class Signals
{
    // They differ: 19 and 18 on Linux, 17 and 19 on macOS.
    private static readonly (int Stop, int Continue) Numbers = OperatingSystem.IsMacOS() ? (17, 19) : (19, 18);

    public static void Stop(Process process) => Send(process, Numbers.Stop);

    public static void Continue(Process process) => Send(process, Numbers.Continue);

    private static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
