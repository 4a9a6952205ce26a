using System.Runtime.InteropServices;
using Phoenix.Agent;

const string Usage = """
    phoenix-agent             runs the agent
    phoenix-agent status      prints what runs on this host, from the state directory
    phoenix-agent --version   prints the version
    phoenix-agent --help      prints this

    Environment:
      PHOENIX_API_URL           address of the control plane (required)
      PHOENIX_ENROLMENT_TOKEN   token of the operator, needed for the first start
      AGENT_HOST_ID             id of this host (default: its host name)
      TASK_POLL_INTERVAL        how long one long-poll may be parked (default 30s)
      PHOENIX_AGENT_STATE_DIR   where the agent keeps its state (default /var/lib/phoenix-agent)
      PHOENIX_COLLECTOR         path of phoenix-collector (default: beside the agent)
      PHOENIX_OTELCOL           path of a stock OpenTelemetry Collector (default: otelcol-contrib or otelcol on PATH)
      PHOENIX_HEALTHY_TIMEOUT   how long a changed collector may take until data flows (default 45s);
                                one with long intervals gets twice its own patience, up to 10 minutes

    SIGTERM and SIGINT end the agent and its collectors. SIGKILL leaves the collectors to the next agent.
    Exit codes: 0 stopped, 1 internal error, 2 wrong settings, 3 a newer agent speaks for this host.
    """;

switch (args)
{
    case ["--help" or "-h"]:
        Console.WriteLine(Usage);
        return AgentProcess.Stopped;
    case ["--version"]:
        Console.WriteLine($"phoenix-agent {HeartbeatLoop.Version}");
        return AgentProcess.Stopped;
    case ["status"]:
        return StatusCommand.Run(new StateDirectory(AgentSettings.ReadStateDirectory(Environment.GetEnvironmentVariable)), Console.Out);
    case []:
        break;
    default:
        Console.Error.WriteLine($"phoenix-agent does not know '{string.Join(' ', args)}': see phoenix-agent --help.");
        return AgentProcess.SettingsWrong;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    var settings = AgentSettings.Read(Environment.GetEnvironmentVariable, Environment.MachineName, AppContext.BaseDirectory);
    return await AgentProcess.RunAsync(settings, stop.Token);
}
catch (Exception e) when (e is SettingsException or StateDirectoryInUseException or InvalidDataException)
{
    Console.Error.WriteLine($"phoenix-agent: {e.Message}");
    return AgentProcess.SettingsWrong;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return AgentProcess.Stopped;
}
