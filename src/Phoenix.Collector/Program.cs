using System.Text.Json;
using Phoenix.Collector;
using Phoenix.Collector.Explore;
using Phoenix.Collector.LoadSimulation;
using Phoenix.Collector.Parity;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;

const int InvalidConfiguration = 1;
const int InvalidArguments = 2;
const int NoSample = 5;
const int NotEqual = 6;

try
{
    return args switch
    {
        ["--version"] => Print($"phoenix-collector {Collector.Version}"),
        ["--help"] or ["-h"] or ["help"] => Print(CommandLine.Usage),
        ["validate", .. var rest] => Validate(rest),
        ["allow", .. var rest] => Allow(CommandLine.ParseAllow(rest)),
        ["preview", .. var rest] => await PreviewAsync(CommandLine.ParsePreview(rest)),
        ["explore", .. var rest] => await ExploreAsync(CommandLine.ParseExplore(rest)),
        ["measure", .. var rest] => Measure(CommandLine.ParseMeasure(rest)),
        ["loadsim", .. var rest] => await LoadAsync(rest),
        ["parity", .. var rest] => await CompareAsync(CommandLine.ParseParity(rest, DateTimeOffset.UtcNow)),
        _ => await RunAsync(CommandLine.ParseRun(args)),
    };
}
catch (ArgumentException e)
{
    await Console.Error.WriteLineAsync($"phoenix-collector: {e.Message}\n\n{CommandLine.Usage}");
    return InvalidArguments;
}
catch (InvalidDataException e)
{
    await Console.Error.WriteLineAsync($"phoenix-collector: {e.Message}");
    return NoSample;
}

static int Print(string text)
{
    Console.WriteLine(text);
    return 0;
}

static int Validate(ReadOnlySpan<string> arguments)
{
    var (path, json) = CommandLine.ParseValidate(arguments);
    var read = ConfigurationFile.Read(path);
    var file = read with { Loaded = StartCheck.Run(read.Loaded) };
    if (json)
    {
        Console.WriteLine(JsonSerializer.Serialize(file.Problem, WireJson.Default.ConfigurationProblem));
    }
    else
    {
        foreach (var warning in file.Loaded.Warnings)
        {
            Console.Error.WriteLine($"{path}:{warning.Line}: warning: {warning.Key}: {warning.Message}; {warning.Remedy}");
        }

        PrintErrors(path, file);
    }

    return file.Loaded.Configuration is null ? InvalidConfiguration : 0;
}

static int Allow(AllowOptions options)
{
    var (exit, issues) = AllowCommand.Run(options);
    if (options.Json)
    {
        Console.WriteLine(JsonSerializer.Serialize(AllowCommand.Problem(issues), WireJson.Default.ConfigurationProblem));
    }
    else
    {
        var file = exit is AllowCommand.ListUnusable ? options.List : options.Config ?? options.List;
        foreach (var issue in issues)
        {
            Console.Error.WriteLine($"{file}:{issue.Line}: {issue.Key}: {issue.Message}; {issue.Remedy}");
        }
    }

    return exit;
}

static async Task<int> PreviewAsync(PreviewOptions options)
{
    var file = ConfigurationFile.Read(options.Config);
    if (file.Loaded.Configuration is null)
    {
        if (options.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(file.Problem, WireJson.Default.ConfigurationProblem));
        }
        else
        {
            PrintErrors(options.Config, file);
        }

        return InvalidConfiguration;
    }

    PreviewCommand.StayInBounds();
    var report = await PreviewCommand.RunAsync(options, file);
    Console.Write(options.Json ? JsonSerializer.Serialize(report, WireJson.Default.PreviewReport) + "\n" : PreviewCommand.Text(report));
    return 0;
}

static async Task<int> ExploreAsync(ExploreOptions options)
{
    PreviewCommand.StayInBounds();
    var report = await ExploreCommand.RunAsync(options);
    Console.Write(options.Json ? JsonSerializer.Serialize(report, WireJson.Default.ExplorationReport) + "\n" : ExploreCommand.Text(report));
    return 0;
}

static int Measure((string Recordings, string? Output) options)
{
    var json = CatalogueMeasurement.Run(options.Recordings).ToJson();
    if (options.Output is { } path)
    {
        File.WriteAllText(path, json);
    }
    else
    {
        Console.Write(json);
    }

    return 0;
}

static async Task<int> LoadAsync(string[] arguments)
{
    var options = CommandLine.ParseLoad(arguments, path =>
    {
        var file = ConfigurationFile.Read(path);
        return file.Loaded.Configuration is { } configuration
            ? LoadCommand.EndpointOf(configuration)
            : throw new InvalidDataException($"{path} is no configuration of a running collector: {file.Loaded.Errors[0]}");
    });
    Console.WriteLine(JsonSerializer.Serialize(await LoadCommand.RunAsync(options), WireJson.Default.LoadReport));
    return 0;
}

static async Task<int> CompareAsync(ParityOptions options)
{
    var report = await ParityCommand.RunAsync(options);
    Console.Write(options.Json ? JsonSerializer.Serialize(report, WireJson.Default.ParityReport) + "\n" : ParityCommand.Text(report));
    return report.Equal ? 0 : NotEqual;
}

static void PrintErrors(string path, ConfigurationFile file)
{
    foreach (var error in file.Loaded.Errors)
    {
        Console.Error.WriteLine($"{path}:{error.Line}: {error.Key}: {error.Message}; {error.Remedy}");
    }
}

static async Task<int> RunAsync(RunOptions options)
{
    var file = ConfigurationFile.Read(options.Config);
    if (file.Loaded.Configuration is null)
    {
        PrintErrors(options.Config, file);
        return InvalidConfiguration;
    }

    return await Collector.RunAsync(options, file);
}
