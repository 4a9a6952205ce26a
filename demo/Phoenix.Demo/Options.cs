using System.Globalization;

namespace Phoenix.Demo;

/// <summary>What <c>./run</c> asks of the demo.</summary>
/// <param name="State">Directory of logs, process ids and secrets.</param>
/// <param name="Agents">Directory of the agents' state directories.</param>
/// <param name="Port">Port of the control plane on 127.0.0.1.</param>
/// <param name="ApiProgram">The control plane's <c>phoenix-api.dll</c>.</param>
/// <param name="DatabaseUrl"><c>postgres://user:password@host:port/database</c>.</param>
/// <param name="Scrapes">Prometheus endpoints of the caller's own, as further input.</param>
/// <param name="Dashboard">Directory of the built dashboard; null where it could not be built here.</param>
/// <param name="Exit">End after the demo instead of staying up.</param>
internal sealed record Options(
    string State, string Agents, int Port, string ApiProgram, string AgentProgram, string CollectorProgram, string DatabaseUrl, IReadOnlyList<Uri> Scrapes,
    string? Dashboard, bool Exit)
{
    /// <exception cref="DemoFailure">An argument is unknown, missing or has no usable value.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        string? state = null, agents = null, api = null, agent = null, collector = null, dashboard = null;
        var port = 8080;
        var exit = false;
        List<Uri> scrapes = [];
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--state": state = Path.GetFullPath(Value(args, ref i)); break;
                case "--agents": agents = Path.GetFullPath(Value(args, ref i)); break;
                case "--api": api = ExistingFile(args, ref i); break;
                case "--agent": agent = ExistingFile(args, ref i); break;
                case "--collector": collector = ExistingFile(args, ref i); break;
                case "--dashboard": dashboard = Path.GetFullPath(Value(args, ref i)); break;
                case "--port": port = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture); break;
                case "--scrape": scrapes.Add(Endpoint(Value(args, ref i))); break;
                case "--exit": exit = true; break;
                default: throw new DemoFailure($"Unknown argument: {args[i]}.");
            }
        }

        var database = Environment.GetEnvironmentVariable("PHOENIX_DATABASE_URL");
        return new Options(
            state ?? throw Missing("--state"), agents ?? throw Missing("--agents"), port, api ?? throw Missing("--api"), agent ?? throw Missing("--agent"),
            collector ?? throw Missing("--collector"),
            string.IsNullOrEmpty(database) ? throw new DemoFailure("PHOENIX_DATABASE_URL is not set; ./run sets it.") : database,
            [.. scrapes.Distinct()], dashboard, exit);
    }

    private static DemoFailure Missing(string name) => new($"{name} is missing; ./run gives it.");

    private static string Value(IReadOnlyList<string> args, ref int i) =>
        ++i < args.Count ? args[i] : throw new DemoFailure($"{args[i - 1]} needs a value.");

    private static string ExistingFile(IReadOnlyList<string> args, ref int i)
    {
        var path = Path.GetFullPath(Value(args, ref i));
        return File.Exists(path) ? path : throw new DemoFailure($"{args[i - 1]}: there is no file {path}. ./run builds it.");
    }

    private static Uri Endpoint(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new DemoFailure($"--scrape {text}: not an http or https URL. Write it as http://localhost:9100/metrics.");
        }

        if (uri.Query.Length > 0 || uri.UserInfo.Length > 0)
        {
            throw new DemoFailure($"--scrape {uri.Host}: a query or a user in the URL is not supported.");
        }

        return uri.AbsolutePath == "/" ? new Uri(uri, "/metrics") : uri;
    }
}

/// <summary>Something that the demo needs did not work. The message says what and what to do.</summary>
internal sealed class DemoFailure(string message) : Exception(message);
