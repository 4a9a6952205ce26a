using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Phoenix.TestCollector;
using Phoenix.Contracts;

string Argument(string name) => args[Array.IndexOf(args, name) + 1];

if (args[0] is "allow")
{
    // Each line of the list is a kind of task or a line of a configuration that is not allowed; "broken" is no list.
    var list = File.ReadAllLines(Argument("--list"));
    var asked = args.Contains("--task") ? [Argument("--task")] : args.Contains("--config") ? File.ReadAllLines(Argument("--config")) : Array.Empty<string>();
    var found = list.Contains("broken") ? "broken" : asked.FirstOrDefault(list.Contains);
    Console.WriteLine(JsonSerializer.Serialize(
        new ConfigurationProblem(found is null ? [] : [new ConfigurationError(1, "a.b", $"'{found}' is not allowed", "Ask the owner.")]), WireJson.Default.ConfigurationProblem));
    return found is null ? 0 : found is "broken" ? 8 : 7;
}

if (args[0] is "explore")
{
    // Without a metric it has one value of one label.
    var metric = args.Contains("--metric") ? Argument("--metric") : "requests";
    if (metric is "no-sample")
    {
        Console.Error.WriteLine("phoenix-collector: there is no sample as told");
        return 5;
    }
    Console.WriteLine(JsonSerializer.Serialize(
        new ExplorationReport(
            new ExplorationSample(Path.GetFileName(Argument("--live")), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1), 60, 7, true, 0), 1, 6,
            [new ExploredMetricCount(metric, "sum", "1", 1, 6, [new ExploredLabelCount("customer", false, 1, false, 1, [new ExploredValueCount("ada", 1)], 0)], 0)], 0, 0, 0),
        WireJson.Default.ExplorationReport));
    return 0;
}

var configurationPath = Argument("--config");
if (args[0] is "validate")
{
    if (Behaviour.FirstUnknown(configurationPath) is not var (line, key))
        return 0;
    Console.WriteLine(JsonSerializer.Serialize(
        new ConfigurationProblem([new ConfigurationError(line, key, $"'{key}' is unknown", "Remove it.")]), WireJson.Default.ConfigurationProblem));
    return 1;
}

var behaviour = Behaviour.Read(configurationPath);
if (args[0] is "preview")
{
    if (behaviour.Values.GetValueOrDefault("preview") is "no-sample")
    {
        Console.Error.WriteLine("phoenix-collector: there is no sample as told");
        return 5;
    }
    var counts = new StreamCounts(1, 1, 1, 1, 1, 1, 1);
    Console.WriteLine(JsonSerializer.Serialize(
        new PreviewReport(
            new PreviewSample(Path.GetFileName(Argument("--live")), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, 60, true, 0), counts, counts, 1, 1,
            new PreviewConservation(1, 1, 0, null, 0, []), new ProtectedWindow(1, 1, [Argument("--protect")]), [], 0, 1),
        WireJson.Default.PreviewReport));
    return 0;
}
if (args[0] is "loadsim")
{
    if (behaviour.Values.GetValueOrDefault("load") is "hang")
        Thread.Sleep(Timeout.Infinite);
    Console.WriteLine(JsonSerializer.Serialize(
        new LoadReport(LoadKind.Steady, 1, true, 1, int.Parse(Argument("--series"), CultureInfo.InvariantCulture), 0, 0, 1, 0, 1, 1, Argument("--profile")),
        WireJson.Default.LoadReport));
    return 0;
}
var arm = Enum.Parse<CollectorArm>(Argument("--arm"), ignoreCase: true);
var windows = new WindowCutter(arm, Argument("--tee"), () => behaviour);
var startedAt = DateTimeOffset.UtcNow;
Console.WriteLine($"started as {arm}");
if (behaviour.Values.GetValueOrDefault("say") is { } said)
    Console.WriteLine($"told to say {Environment.GetEnvironmentVariable(said.Replace("${env:", "").TrimEnd('}'))}");
if (behaviour.Is("crash"))
{
    Console.WriteLine("about to crash as told");
    return 7;
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    if (!behaviour.Is("ignoreSigterm"))
        Environment.Exit(0);
});

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Argument("--control")));
var app = builder.Build();
app.MapGet(CollectorControl.Status, () =>
{
    var healthy = behaviour.Values.GetValueOrDefault("healthy") is not "false";
    var flowing = healthy ? DateTimeOffset.UtcNow : (DateTimeOffset?)null;
    return Results.Json(
        new CollectorStatus(
            windows.Epoch, Environment.ProcessId, arm, behaviour.Hash, healthy, healthy ? null : "told to be unhealthy", startedAt,
            flowing, flowing, windows.Subscribers, windows.TeeConnected, windows.Open, Environment.WorkingSet,
            Breach: behaviour.Values.GetValueOrDefault("breach") is { } group ? new ConservationBreach(0.5, group, 7) : null),
        WireJson.Default.CollectorStatus);
});
app.MapGet(CollectorControl.Windows, (long? after) =>
    Results.Json(new CollectorWindows(windows.Epoch, windows.After(after ?? 0)), WireJson.Default.CollectorWindows));
// One window, the same all the time.
app.MapGet(CollectorControl.Flow, () => Results.Json(
    new FlowWindow(startedAt, 60, new FlowCounts(12, 3, 120, 30), new FlowTable(["requests"], [10], [1], [100], [10]), FlowTable.Empty, FlowTable.Empty),
    WireJson.Default.FlowWindow));
app.MapPut(CollectorControl.Measurement, async (HttpRequest request) =>
{
    var settings = await JsonSerializer.DeserializeAsync(request.Body, WireJson.Default.MeasurementSettings);
    windows.Measure(settings!);
    return Results.NoContent();
});
app.MapPost(CollectorControl.Reload, () =>
{
    var next = Behaviour.Read(configurationPath);
    if (next.Values.GetValueOrDefault("reload") is { } status)
        return Results.StatusCode(int.Parse(status, CultureInfo.InvariantCulture));
    behaviour = next;
    windows.BeginEpoch();
    Console.WriteLine("reloaded");
    return Results.NoContent();
});
await Task.WhenAny(windows.RunAsync(), app.RunAsync());
return 1;
