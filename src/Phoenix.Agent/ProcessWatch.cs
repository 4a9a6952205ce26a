namespace Phoenix.Agent;

/// <summary>
/// Tells whether a process has ended by one system call (pidfd_open(2)), where reading <c>/proc</c> for a hundred of them twice
/// a second would be most of what an idle agent does.
/// </summary>
internal sealed class ProcessWatch : IDisposable
{
    private readonly int _descriptor;

    private ProcessWatch(ProcessIdentity process, int descriptor) => (Process, _descriptor) = (process, descriptor);

    public ProcessIdentity Process { get; }

    /// <summary>Its descriptor becomes readable when the process has ended, also before it was reaped.</summary>
    public bool HasEnded => Native.IsReadable(_descriptor);

    /// <summary>Null where the kernel cannot (before Linux 5.3), or the process is not there any more.</summary>
    public static ProcessWatch? Open(ProcessIdentity process)
    {
        var descriptor = Native.OpenProcess(process.Id);
        if (descriptor < 0)
            return null;
        // Whoever has this pid now has it for as long as the descriptor is open.
        if (ProcessIdentity.Of(process.Id) == process)
            return new ProcessWatch(process, descriptor);
        _ = Native.Close(descriptor);
        return null;
    }

    public void Dispose() => _ = Native.Close(_descriptor);
}
