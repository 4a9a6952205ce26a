using System.Diagnostics;
using Phoenix.Bench.Collecting;

namespace Phoenix.Bench.Agent;

/// <summary>The published <c>phoenix-agent</c>, enrolled at a control plane whose certificate it checks.</summary>
sealed class AgentSubject : Subject
{
    public const string Variable = "PHOENIX_AGENT_BIN";

    readonly DirectoryInfo place;

    AgentSubject(ProcessStartInfo start, DirectoryInfo place) : base("phoenix-agent", start) => this.place = place;

    public static AgentSubject Start(Uri controlPlane, string authority, DirectoryInfo place)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable(Variable)!)
        {
            Environment =
            {
                ["PHOENIX_API_URL"] = controlPlane.AbsoluteUri,
                ["AGENT_HOST_ID"] = "bench-host",
                ["PHOENIX_ENROLMENT_TOKEN"] = "bench",
                ["PHOENIX_AGENT_STATE_DIR"] = Path.Combine(place.FullName, "state"),
                ["PHOENIX_COLLECTOR"] = CollectorSubject.Program,
                // A hundred collectors start on few cores: none is given up for it.
                ["PHOENIX_HEALTHY_TIMEOUT"] = "5m",
                // Where .NET on Linux looks for authorities, instead of the system's.
                ["SSL_CERT_FILE"] = authority,
                ["SSL_CERT_DIR"] = place.FullName,
            },
        };
        return new(start, place);
    }

    /// <summary>Ends the agent as a service manager does, so that it ends its collectors.</summary>
    public override async ValueTask DisposeAsync()
    {
        var ended = await TerminateAsync(TimeSpan.FromSeconds(60));
        await base.DisposeAsync();
        if (!ended) Console.Error.WriteLine($"The agent had to be killed; collectors of {place.FullName} may be left.");
    }
}
