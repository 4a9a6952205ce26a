using System.Runtime.Versioning;
using System.Text.Json;
using Phoenix.FleetSimulator;

[assembly: SupportedOSPlatform("linux")]

var files = FileLimit.Raise();
await using var output = new Output();
var simulation = new Simulation();
while (await Console.In.ReadLineAsync() is { } line)
{
    if (string.IsNullOrWhiteSpace(line)) continue;
    try
    {
        var command = JsonSerializer.Deserialize(line, SimulatorJson.Default.Command) ?? throw new JsonException("A command is an object.");
        if (command.Do == "stop") break;
        await Carry(command);
    }
    // Whoever drives this process reads its lines; an exception would tell it less than an event.
    catch (Exception e) when (e is JsonException or ArgumentException or System.Net.Sockets.SocketException)
    {
        output.Write(new ErrorEvent(e.Message));
    }
}
await simulation.DisposeAsync();
output.Write(new StoppedEvent());

async Task Carry(Command command)
{
    switch (command.Do)
    {
        case "enrol":
            if ((ulong)command.Count + 500 > files) await Console.Error.WriteLineAsync($"Only {files} files may be open; {command.Count} agents may not all connect.");
            output.Write(await simulation.Enrol(
                command.Url ?? throw new ArgumentException("'url' is missing."), command.Token ?? throw new ArgumentException("'token' is missing."),
                command.Prefix ?? throw new ArgumentException("'prefix' is missing."), command.Count, command.Concurrency, command.Labelled));
            break;
        case "start":
            output.Write(simulation.Start(new(TimeSpan.FromMilliseconds(command.WorkMs), command.FailRate, command.DieRate, command.Heartbeats, command.Flow)));
            break;
        case "measure":
            output.Write(await simulation.Measure(command.Experiment, command.Experiments, command.Window, command.Concurrency));
            break;
        case "status":
            output.Write(simulation.Seen.Status());
            break;
        case "tasks":
            foreach (var assignment in simulation.Seen.Assignments) output.Write(TaskEvent.Of(assignment));
            output.Write(new TasksEndEvent());
            break;
        case "watch":
            simulation.Seen.Watcher = command.On ? assignment => output.Write(TaskEvent.Of(assignment)) : null;
            output.Write(new WatchingEvent(command.On));
            break;
        default:
            throw new ArgumentException($"There is no command '{command.Do}'.");
    }
}
