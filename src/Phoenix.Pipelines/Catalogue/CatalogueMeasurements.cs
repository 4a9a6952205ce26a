using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>What each template made of recorded input of real exporters, as <c>phoenix-collector measure</c> wrote it.</summary>
/// <param name="Command">What wrote it.</param>
/// <param name="Version">Of the collector that measured.</param>
public sealed record CatalogueMeasurements(
    string Command, string Version, IReadOnlyList<MeasuredRecording> Recordings, IReadOnlyList<TemplateMeasurement> Measurements)
{
    public static CatalogueMeasurements Parse(string json) => JsonSerializer.Deserialize(json, MeasurementJson.Default.CatalogueMeasurements)!;

    public string ToJson() => JsonSerializer.Serialize(this, MeasurementJson.Default.CatalogueMeasurements) + "\n";
}

/// <param name="Sha256">Lower-case hex SHA-256 of the recording's file.</param>
/// <param name="Seconds">From the first scrape to the last.</param>
public sealed record MeasuredRecording(string Name, string Sha256, long Scrapes, double Seconds);

/// <param name="Arguments">What the template was filled in with; what is not named had its default.</param>
/// <param name="Increments">Increments of counters and histograms compared by the ledger.</param>
/// <param name="ConservationErrorPct">100 · Σ|in − out| ÷ Σ|in| over all surviving label groups.</param>
/// <param name="ProtectedExpected">Protected streams that came in, counted in every window.</param>
/// <param name="ProtectedRetained">Those of them that left untouched.</param>
/// <param name="DroppedPoints">Points dropped by a named rule.</param>
public sealed record TemplateMeasurement(
    string Template, int TemplateVersion, string Recording, IReadOnlyDictionary<string, JsonNode> Arguments, MeasuredCounts Input, MeasuredCounts Output,
    long Groups, long Increments, double ConservationErrorPct, long ProtectedExpected, long ProtectedRetained, long DroppedPoints);

/// <param name="SeriesLive">Classic Prometheus series active in the last whole window.</param>
/// <param name="SeriesDistinct">Classic Prometheus series over the whole recording; where processes come and go, it flatters any reduction.</param>
/// <param name="Points">OTLP data points.</param>
/// <param name="Bytes">Bytes of the OTLP encoding before compression.</param>
public sealed record MeasuredCounts(long SeriesLive, long SeriesDistinct, long Points, long Bytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(CatalogueMeasurements))]
internal sealed partial class MeasurementJson : JsonSerializerContext;
