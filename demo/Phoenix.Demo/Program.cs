using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Phoenix.Demo;

// Process trees, /proc and file modes.
[assembly: SupportedOSPlatform("linux")]

// ./run starts this in a session of its own and ends it with SIGTERM; by hand it is Ctrl-C.
using var stop = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    return await Demonstration.RunAsync(Options.Parse(args), stop.Token);
}
catch (Exception e) when (e is DemoFailure or ApiProblem)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}
catch (HttpRequestException e)
{
    Console.Error.WriteLine($"error: The control plane does not answer: {e.Message}. See .phoenix/logs/api.log.");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    // The handler must return at once; whatever waits is told from another thread.
    _ = stop.CancelAsync();
}
