using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Http;
using Phoenix.Collector.Pipeline;
using Phoenix.Contracts;

namespace Phoenix.Collector.Control;

/// <summary>The HTTP interface on the control socket; paths and bodies are in <see cref="CollectorControl"/>.</summary>
internal sealed class ControlServer(
    MetricsPipeline pipeline, Func<CollectorStatus> status, Func<string> metrics, Func<Task<ReloadOutcome>> reload)
{
    private const int MaxBodyBytes = 1 << 20;
    private const int LongestIncidentMinutes = 24 * 60;

    public Task<BareServer> StartAsync(string socket) => BareServer.StartAsync(
        options =>
        {
            options.Limits.MaxRequestBodySize = MaxBodyBytes;
            options.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
        },
        HandleAsync);

    private Task HandleAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET", CollectorControl.Status) => JsonAsync(context, 200, status(), WireJson.Default.CollectorStatus),
        ("GET", CollectorControl.Windows) => WindowsAsync(context),
        ("PUT", CollectorControl.Measurement) => MeasureAsync(context),
        ("POST", CollectorControl.Reload) => ReloadAsync(context),
        ("GET", CollectorControl.Decisions) => DecisionsAsync(context),
        ("POST", CollectorControl.Incident) => IncidentAsync(context),
        ("GET", CollectorControl.Sample) => SampleAsync(context),
        ("GET", CollectorControl.Flow) => FlowAsync(context),
        ("GET", CollectorControl.Metrics) => TextAsync(context, metrics()),
        var (method, path) => ProblemAsync(context, 404, "not-found", $"{method} {path} does not exist on the control socket"),
    };

    private Task WindowsAsync(HttpContext context) => After(context) is { } after
        ? JsonAsync(context, 200, new CollectorWindows(pipeline.Status.Epoch, pipeline.Windows.After(after)), WireJson.Default.CollectorWindows)
        : NoNumberAsync(context);

    private Task DecisionsAsync(HttpContext context)
    {
        var adaptive = pipeline.Adaptive;
        return After(context) is { } after
            ? JsonAsync(context, 200, new CollectorDecisions(pipeline.Status.Epoch, adaptive.Dropped, adaptive.After(after)), WireJson.Default.CollectorDecisions)
            : NoNumberAsync(context);
    }

    private static long? After(HttpContext context)
    {
        var text = context.Request.Query["after"].ToString();
        return long.TryParse(text.Length == 0 ? "0" : text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var after) ? after : null;
    }

    private static Task NoNumberAsync(HttpContext context) =>
        ProblemAsync(context, 400, "invalid-number", $"after={context.Request.Query["after"]} is no whole number");

    private async Task SampleAsync(HttpContext context)
    {
        if (pipeline.Recent is not { } recent)
        {
            await ProblemAsync(context, 409, "no-sample", "this collector keeps no recent input; add `service.telemetry.phoenix.sample: {}` to a production arm's configuration");
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        await recent.WriteAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task FlowAsync(HttpContext context)
    {
        if (await pipeline.FlowAsync() is { } flow)
        {
            await JsonAsync(context, 200, flow, WireJson.Default.FlowWindow);
        }
        else
        {
            await ProblemAsync(context, 409, "no-flow", "a candidate does not count by metric, service and namespace; ask the production arm");
        }
    }

    private async Task MeasureAsync(HttpContext context)
    {
        MeasurementSettings? settings;
        try
        {
            settings = await JsonSerializer.DeserializeAsync(context.Request.Body, WireJson.Default.MeasurementSettings, context.RequestAborted);
        }
        catch (JsonException e)
        {
            await ProblemAsync(context, 400, "invalid-json", $"the body is no MeasurementSettings: {e.Message}");
            return;
        }

        if (settings is not { WindowSeconds: >= 0.2 and <= 3600, ProtectedMetrics: not null } || settings.ProtectedMetrics.Any(string.IsNullOrEmpty))
        {
            await ProblemAsync(context, 422, "invalid-measurement", "windowSeconds must be 0.2 to 3600, protectedMetrics a list of names that are not empty");
            return;
        }

        await pipeline.MeasureAsync(settings);
        context.Response.StatusCode = 204;
    }

    private async Task IncidentAsync(HttpContext context)
    {
        IncidentCommand? command;
        try
        {
            command = await JsonSerializer.DeserializeAsync(context.Request.Body, WireJson.Default.IncidentCommand, context.RequestAborted);
        }
        catch (JsonException e)
        {
            await ProblemAsync(context, 400, "invalid-json", $"the body is no IncidentCommand: {e.Message}");
            return;
        }

        if (command is not { Minutes: >= 0 and <= LongestIncidentMinutes } || command.Metrics?.Any(string.IsNullOrEmpty) == true)
        {
            await ProblemAsync(context, 422, "invalid-incident", $"minutes must be 0 to {LongestIncidentMinutes}, metrics a list of names or patterns that are not empty");
        }
        else if (!pipeline.Adaptive.Any)
        {
            await ProblemAsync(context, 409, "no-adaptive-processor", "this collector runs no phoenix_adaptive, so that nothing is folded that could be given back");
        }
        else
        {
            await pipeline.DeclareIncidentAsync(command);
            context.Response.StatusCode = 204;
        }
    }

    private async Task ReloadAsync(HttpContext context)
    {
        switch (await reload())
        {
            case ReloadOutcome.TakenOver:
                context.Response.StatusCode = 204;
                break;
            case ReloadOutcome.Invalid invalid:
                await JsonAsync(context, 422, invalid.Problem, WireJson.Default.ConfigurationProblem);
                break;
            case ReloadOutcome.NeedsNewProcess other:
                await ProblemAsync(context, 409, "restart-needed", other.Detail);
                break;
        }
    }

    private static async Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    private static async Task ProblemAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        await JsonSerializer.SerializeAsync(context.Response.Body, new Problem(null, null, status, detail, code), WireJson.Default.Problem, context.RequestAborted);
    }

    private static async Task TextAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
    }
}

/// <summary>What became of a reload.</summary>
internal abstract record ReloadOutcome
{
    public sealed record TakenOver : ReloadOutcome;

    public sealed record Invalid(ConfigurationProblem Problem) : ReloadOutcome;

    public sealed record NeedsNewProcess(string Detail) : ReloadOutcome;
}
