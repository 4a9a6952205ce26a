using System.Net;
using System.Runtime.InteropServices;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.LoadSimulation;

/// <summary>
/// <c>phoenix-collector loadsim</c>: sends made-up metrics to the collector that runs with the given configuration, for a bounded
/// time. Ends at its time, on SIGTERM, and when the process that started it is gone.
/// </summary>
internal static class LoadCommand
{
    private static readonly TimeSpan LooksForParent = TimeSpan.FromMilliseconds(500);

    /// <exception cref="InvalidDataException">The configuration listens on no endpoint that a load can be sent to.</exception>
    public static async Task<LoadReport> RunAsync(LoadOptions options)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var parent = Libc.ParentProcess();
        // Not PR_SET_PDEATHSIG: it follows the thread that started this process, and threads of a pool end.
        using var orphaned = new Timer(
            _ =>
            {
                if (Libc.ParentProcess() != parent)
                {
                    stop.Cancel();
                }
            },
            null, LooksForParent, LooksForParent);
        using var run = new LoadRun(options);
        return await run.RunAsync(stop.Token);

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Where the configuration's collector takes OTLP over HTTP on this machine.</summary>
    /// <exception cref="InvalidDataException">It does not, or not in plain text.</exception>
    public static Uri EndpointOf(CollectorConfiguration configuration)
    {
        var listener = configuration.Receivers.OfType<OtlpReceiverSettings>().Select(o => o.Http).FirstOrDefault(h => h is not null)
            ?? throw new InvalidDataException("the configuration has no otlp receiver with protocols.http: a load is sent by OTLP over HTTP; add one");
        if (listener.Tls is not null)
        {
            throw new InvalidDataException("the otlp receiver's protocols.http speaks TLS: a load is sent in plain text on this machine; give the load a receiver without tls");
        }

        if (listener.Endpoint.Port == 0)
        {
            throw new InvalidDataException("the otlp receiver listens on a free port (port 0), which cannot be known from its configuration; give it a port");
        }

        var address = listener.Endpoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listener.Endpoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : listener.Endpoint.Address;
        return new Uri($"http://{new IPEndPoint(address, listener.Endpoint.Port)}{listener.MetricsPath}");
    }
}
