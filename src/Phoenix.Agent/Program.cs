using System.Runtime.InteropServices;
using Phoenix.Agent;

const string Usage = """
    phoenix-agent             runs the agent
    phoenix-agent status      prints what runs on this host, from the state directory
    phoenix-agent panic       returns this host to its last good pipeline and keeps it there: candidates end, production goes
                              back to the configuration before; works beside a running agent, without one, and offline
    phoenix-agent panic --clear   lets the control plane decide again
    phoenix-agent rollback    returns to the version of the agent before the last upgrade, offline
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
      PHOENIX_AGENT_ALLOW_FILE  what the control plane may ask of this host (default /etc/phoenix-agent/allow.yaml, where there
                                is one; see docs/agent.md)
      PHOENIX_AGENT_TRUSTED_KEYS_FILE  public keys (PEM) whose configurations run here (default: the control plane's, pinned at
                                the first contact)
      PHOENIX_COLLECTOR_MEMORY_MAX, PHOENIX_COLLECTOR_CPU_MAX, PHOENIX_COLLECTOR_PIDS_MAX, PHOENIX_COLLECTOR_FILES_MAX
                                what one collector may take, such as 512M, 50%, 200, 4096 (default: no limit)
      PHOENIX_AGENT_CGROUP      a control group (v2) delegated to the agent (default: the service's, see docs/agent.md)
      PHOENIX_HEALTHY_TIMEOUT   how long a changed collector may take until data flows (default 45s);
                                one with long intervals gets twice its own patience, up to 10 minutes

    SIGTERM and SIGINT end the agent and its collectors, after the control plane was told. SIGKILL leaves the collectors to the next agent.
    Exit codes: 0 stopped, 1 internal error, 2 wrong settings, 3 a newer agent speaks for this host.
    Of panic: 0 done, 1 not everything could be put back, 2 wrong settings, 4 the running agent has not confirmed.
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
    case ["panic"] or ["panic", "--clear"]:
        try
        {
            return await PanicCommand.RunAsync(
                AgentSettings.ReadOffline(Environment.GetEnvironmentVariable, AppContext.BaseDirectory), args.Length is 2, Console.Out);
        }
        catch (Exception e) when (e is SettingsException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"phoenix-agent panic: {e.Message}");
            return AgentProcess.SettingsWrong;
        }
    case ["rollback"]:
        return UpgradeRollbackCommand.Run(new StateDirectory(AgentSettings.ReadStateDirectory(Environment.GetEnvironmentVariable)), Console.Out);
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
    var launcher = new UpgradeLauncher(new StateDirectory(AgentSettings.ReadStateDirectory(Environment.GetEnvironmentVariable)));
    var settings = AgentSettings.Read(Environment.GetEnvironmentVariable, Environment.MachineName, launcher.ProgramDirectory());
    return await launcher.RunAsync(store => AgentProcess.RunAsync(settings, store, stop.Token), stop.Token);
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
