using System.Globalization;
using Phoenix.Collector.Explore;
using Phoenix.Collector.LoadSimulation;
using Phoenix.Collector.Parity;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;
using Phoenix.Pipelines;

namespace Phoenix.Collector;

/// <summary>What the process was asked to do.</summary>
/// <param name="Arm">Where the input comes from: production owns the receivers, a candidate hears the tee.</param>
/// <param name="Shadow">Whether the output is only counted.</param>
/// <param name="EndsAfter">When the arm ends by itself if no agent asks for it any more; null for never.</param>
internal sealed record RunOptions(string Config, CollectorArm Arm, bool Shadow, string ControlSocket, string TeeSocket, TimeSpan? EndsAfter = null);

/// <summary>Reads <c>--name value</c> pairs. Every error says which argument and what to write.</summary>
internal static class CommandLine
{
    public const string Usage = """
        phoenix-collector --config FILE --arm production|baseline|candidate --control SOCKET --tee SOCKET [--ends-after TIME]
            runs one arm: production owns the receivers and serves the tee, a candidate is fed by it;
            a baseline is production whose output is only counted, for a copy of what another collector exports; one that
            is not production ends by itself after the time, once no agent has asked for its status for a minute
        phoenix-collector validate --config FILE [--format text|json | --json]
            checks a configuration and the files it names, and prints every error at once; exit code 0 where it would
            start, perhaps with warnings, 1 where it would not, 2 for wrong arguments
        phoenix-collector allow --list FILE [--task apply|preview|load|upgrade|logs|explore] [--config FILE] [--runtime phoenix|stock] [--format text|json]
            says whether a host owner's list allows a kind of task and a configuration; exit code 0 where it does, 7 where not, 8
            where the list cannot be used, so that nothing is allowed
        phoenix-collector preview --config FILE (--sample FILE | --live SOCKET) [--protect METRIC,...] [--format text|json]
            says what a configuration would make of a sample of input, without running it; a sample is a .tar.gz of scrapes
            (NAME.NN.prom), or what a production arm with service.telemetry.phoenix.sample gives at its control socket
        phoenix-collector explore (--sample FILE | --live SOCKET) [--metric NAME] [--format text|json]
            counts which metrics, labels and values the series of a sample are made of, or those of one metric in depth; values
            of labels are printed
        phoenix-collector measure --recordings DIRECTORY [--output FILE]
            plays recorded scrapes through every template of the catalogue and writes what came of it
        phoenix-collector loadsim --config FILE --profile PROFILE [--series N] [--interval TIME] [--duration TIME]
            sends made-up metrics, known by the resource attribute phoenix.loadsim, to the collector that runs with this
            configuration; profiles: realistic, high-cardinality, high-churn, spike, steady
        phoenix-collector parity --before URL --after URL [--before-match MATCHERS] [--after-match MATCHERS] [--range TIME]
                [--at TIME] [--metrics PATTERN,...] [--tolerance PERCENT] [--format text|json]
            asks Prometheus-compatible servers for increase() of every counter and histogram over both arms, by the labels
            that survive, and compares; matchers, such as arm="candidate", tell the arms apart on one server; the variable
            PHOENIX_PARITY_AUTHORIZATION is sent as Authorization; exit code 0 where all is equal, 6 where not
        phoenix-collector --version
        phoenix-collector --help
        """;

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static RunOptions ParseRun(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--config", "--arm", "--control", "--tee", "--ends-after");
        if (values.ContainsKey("--ends-after") && values.GetValueOrDefault("--arm") is "production")
        {
            throw new ArgumentException("--ends-after is for a baseline or a candidate; production never ends by itself");
        }

        return new RunOptions(
            Required(values, "--config", "the configuration file"),
            Required(values, "--arm", "production, baseline or candidate") switch
            {
                "production" or "baseline" => CollectorArm.Production,
                "candidate" => CollectorArm.Candidate,
                var other => throw new ArgumentException($"--arm {other}: write production, baseline or candidate"),
            },
            Shadow: values["--arm"] is not "production",
            Required(values, "--control", "a path for the control socket"),
            Required(values, "--tee", "the path of the tee's socket, the same for both arms"),
            values.ContainsKey("--ends-after") ? Time(values, "--ends-after", "", TimeSpan.Zero, TimeSpan.FromDays(365)) : null);
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static (string Config, bool Json) ParseValidate(ReadOnlySpan<string> arguments)
    {
        List<string> pairs = [.. arguments];
        if (pairs.IndexOf("--json") is >= 0 and var at && (at == 0 || pairs[at - 1] != "--config"))
        {
            // The one flag without a value.
            pairs.RemoveAt(at);
            pairs.AddRange(["--format", "json"]);
        }

        var values = Parse(pairs.ToArray(), "--config", "--format");
        return (Required(values, "--config", "the configuration file"), IsJson(values));
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static AllowOptions ParseAllow(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--list", "--task", "--config", "--runtime", "--format");
        return new AllowOptions(
            Required(values, "--list", "the host owner's list"), values.GetValueOrDefault("--task"), values.GetValueOrDefault("--config"),
            values.GetValueOrDefault("--runtime", "phoenix") switch
            {
                "phoenix" => false,
                "stock" => true,
                var other => throw new ArgumentException($"--runtime {other}: write phoenix or stock"),
            },
            IsJson(values));
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static PreviewOptions ParsePreview(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--config", "--sample", "--live", "--protect", "--format");
        if (values.ContainsKey("--sample") == values.ContainsKey("--live"))
        {
            throw new ArgumentException("give either --sample, a recorded sample, or --live, the control socket of a production arm");
        }

        return new PreviewOptions(
            Required(values, "--config", "the configuration file to try"), values.GetValueOrDefault("--sample"), values.GetValueOrDefault("--live"),
            List(values, "--protect"), IsJson(values));
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static ExploreOptions ParseExplore(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--sample", "--live", "--metric", "--format");
        if (values.ContainsKey("--sample") == values.ContainsKey("--live"))
        {
            throw new ArgumentException("give either --sample, a recorded sample, or --live, the control socket of a production arm");
        }

        return new ExploreOptions(values.GetValueOrDefault("--sample"), values.GetValueOrDefault("--live"), values.GetValueOrDefault("--metric"), IsJson(values));
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static (string Recordings, string? Output) ParseMeasure(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--recordings", "--output");
        return (Required(values, "--recordings", "the directory of the recordings"), values.GetValueOrDefault("--output"));
    }

    /// <param name="endpoint">Finds the OTLP endpoint of the configuration file.</param>
    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static LoadOptions ParseLoad(ReadOnlySpan<string> arguments, Func<string, Uri> endpoint)
    {
        var values = Parse(arguments, "--config", "--profile", "--series", "--interval", "--duration");
        var config = Required(values, "--config", "the configuration file of the collector that gets the load");
        var name = Required(values, "--profile", "realistic, high-cardinality, high-churn, spike or steady");
        var profile = Enum.GetValues<LoadKind>().Where(kind => LoadStreams.Name(kind) == name).Select(kind => (LoadKind?)kind).FirstOrDefault()
            ?? throw new ArgumentException($"--profile {name}: write realistic, high-cardinality, high-churn, spike or steady");
        if (!int.TryParse(values.GetValueOrDefault("--series", "1000"), NumberStyles.None, CultureInfo.InvariantCulture, out var series) || series is < 1 or > LoadOptions.MaxSeries)
        {
            throw new ArgumentException($"--series {values["--series"]}: write a number from 1 to {LoadOptions.MaxSeries}");
        }

        var interval = Time(values, "--interval", "10s", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        var duration = Time(values, "--duration", "1m", interval, TimeSpan.FromHours(1));
        return series / interval.TotalSeconds <= LoadOptions.MaxRate
            ? new LoadOptions(endpoint(config), profile, series, interval, duration)
            : throw new ArgumentException($"--series {series} every {Duration.Format(interval)} are more than {LoadOptions.MaxRate} points a second: write fewer series or a longer interval");
    }

    /// <param name="now">The default time of evaluation is a minute before it: by then both arms have delivered.</param>
    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static ParityOptions ParseParity(ReadOnlySpan<string> arguments, DateTimeOffset now)
    {
        var values = Parse(arguments, "--before", "--after", "--before-match", "--after-match", "--range", "--at", "--metrics", "--tolerance", "--format");
        var at = values.GetValueOrDefault("--at") is { } text
            ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new ArgumentException($"--at {text}: write a time such as 2026-05-31T12:00:00Z")
            : now - TimeSpan.FromMinutes(1);
        return double.TryParse(values.GetValueOrDefault("--tolerance", "1"), CultureInfo.InvariantCulture, out var tolerance) && tolerance is >= 0 and <= 100
            ? new ParityOptions(
                Server("--before"), values.GetValueOrDefault("--before-match", ""), Server("--after"), values.GetValueOrDefault("--after-match", ""),
                Time(values, "--range", "5m", TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)), at, List(values, "--metrics", "*"), tolerance, IsJson(values))
            : throw new ArgumentException($"--tolerance {values["--tolerance"]}: write per cent from 0 to 100");

        Uri Server(string name) =>
            Uri.TryCreate(Required(values, name, "the base URL of a Prometheus-compatible server"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new ArgumentException($"{name} {values[name]}: write a URL such as http://localhost:9090");
    }

    private static string[] List(Dictionary<string, string> values, string name, string byDefault = "") =>
        values.GetValueOrDefault(name, byDefault).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static TimeSpan Time(Dictionary<string, string> values, string name, string byDefault, TimeSpan least, TimeSpan most) =>
        Duration.TryParse(values.GetValueOrDefault(name, byDefault), out var time) && time >= least && time <= most
            ? time
            : throw new ArgumentException($"{name} {values.GetValueOrDefault(name, byDefault)}: write a time from {Duration.Format(least)} to {Duration.Format(most)}, such as 30s");

    private static bool IsJson(Dictionary<string, string> values) => values.GetValueOrDefault("--format", "text") switch
    {
        "text" => false,
        "json" => true,
        var other => throw new ArgumentException($"--format {other}: write text or json"),
    };

    private static Dictionary<string, string> Parse(ReadOnlySpan<string> arguments, params ReadOnlySpan<string> known)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!known.Contains(arguments[i]))
            {
                throw new ArgumentException($"{arguments[i]} is unknown; --help shows what there is");
            }

            if (i + 1 == arguments.Length)
            {
                throw new ArgumentException($"{arguments[i]} needs a value");
            }

            if (!values.TryAdd(arguments[i], arguments[i + 1]))
            {
                throw new ArgumentException($"{arguments[i]} is given twice");
            }
        }

        return values;
    }

    private static string Required(Dictionary<string, string> values, string name, string meaning) =>
        values.TryGetValue(name, out var value) && value.Length > 0 ? value : throw new ArgumentException($"{name} is missing: give {meaning}");
}
