using System.Security.Cryptography;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Catalogue;

namespace Phoenix.Collector.Preview;

/// <summary>
/// Plays every recording that a template names through the template's processors. The same recordings give the same
/// numbers on every machine.
/// </summary>
internal static class CatalogueMeasurement
{
    /// <summary>The shortest time between two recorded scrapes is 9.1 s: with this interval each leaves before the next comes.</summary>
    private const string Interval = "9s";

    /// <summary>Parameters that name metrics which must leave as they came.</summary>
    private static readonly string[] Untouched = ["protected", "critical"];

    private static readonly PreviewBounds Bounds = new(long.MaxValue, TimeSpan.FromHours(1), CountWire: false);

    /// <summary>The input parameters of a pipeline that scrapes one exporter and nothing else.</summary>
    private static readonly Dictionary<string, ParameterValue> Scraping = new()
    {
        ["otlp_endpoint"] = new ParameterValue.Text(""),
        ["host_scrapers"] = new ParameterValue.Items([]),
        ["processes"] = new ParameterValue.Text("none"),
        ["scrape_targets"] = new ParameterValue.Items(["localhost:9100"]),
        ["scrape_interval"] = new ParameterValue.Text(Interval),
        ["backend"] = new ParameterValue.Text(""),
    };

    /// <param name="folder">Where <c>NAME.tar.gz</c> lie.</param>
    /// <exception cref="InvalidDataException">A recording is missing or cannot be read, or a template does not render.</exception>
    public static CatalogueMeasurements Run(string folder)
    {
        var recordings = new SortedDictionary<string, MeasuredRecording>(StringComparer.Ordinal);
        var measurements = new List<TemplateMeasurement>();
        foreach (var template in TemplateCatalogue.All)
        {
            foreach (var (recording, arguments) in template.Recordings)
            {
                var path = Path.Combine(folder, recording + ExpositionRecording.Extension);
                if (!File.Exists(path))
                {
                    throw new InvalidDataException($"{path}, which the template {template.Name} is measured on, does not exist");
                }

                var report = Play(template, path, arguments);
                measurements.Add(Measured(template, recording, arguments, report));
                recordings[recording] = new(recording, Hash(path), report.Sample.Batches, Math.Round((report.Sample.To - report.Sample.From).TotalSeconds, 3));
            }
        }

        return new("phoenix-collector measure --recordings DIRECTORY", Collector.Version, [.. recordings.Values], measurements);
    }

    private static PreviewReport Play(Template template, string path, IReadOnlyDictionary<string, ParameterValue> arguments)
    {
        var rendered = template.Render(Scraping.Concat(arguments).ToDictionary());
        if (rendered.Configuration is null)
        {
            throw new InvalidDataException($"the template {template.Name} does not render for {path}: {string.Join("; ", rendered.Issues)}");
        }

        var configuration = CollectorConfiguration.Load(rendered.Configuration, environment: null).Configuration!;
        return PreviewRun.Play(configuration, Path.GetFileName(path), 0, ExpositionRecording.Batches(path), Protected(rendered), Bounds);
    }

    private static IReadOnlyList<string> Protected(RenderedTemplate rendered) =>
        [.. Untouched.Select(rendered.Arguments.GetValueOrDefault).OfType<ParameterValue.Items>().SelectMany(i => i.Values)];

    private static TemplateMeasurement Measured(
        Template template, string recording, IReadOnlyDictionary<string, ParameterValue> arguments, PreviewReport report) => new(
        template.Name, template.Version, recording, arguments.ToDictionary(a => a.Key, a => a.Value.ToJson()),
        Counts(report.Input), Counts(report.Output), report.Conservation.Groups, report.Conservation.Increments, report.Conservation.ErrorPct,
        report.Protected.Expected, report.Protected.Retained, report.Conservation.Dropped.Sum(d => d.Points));

    private static MeasuredCounts Counts(StreamCounts counts) => new(counts.SeriesActive, counts.SeriesDistinct, counts.Points, counts.Bytes);

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
