using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Agent;

/// <summary>What a stock collector says of its metric points in its own metrics, since its start.</summary>
/// <param name="Accepted">Points its receivers took.</param>
/// <param name="Exporters">By exporter id.</param>
internal sealed partial record StockMetrics(double Accepted, IReadOnlyDictionary<string, ExporterPoints> Exporters)
{
    /// <summary>The stock collector's exporter into Phoenix, as rendered by the control plane's <c>StockPipeline</c>.</summary>
    public const string LinkExporter = "otlp/phoenix_link";

    private const string Sent = "otelcol_exporter_sent_metric_points";
    private const string SendFailed = "otelcol_exporter_send_failed_metric_points";
    private const string EnqueueFailed = "otelcol_exporter_enqueue_failed_metric_points";
    private const string ReceiverAccepted = "otelcol_receiver_accepted_metric_points";

    /// <summary>Points that its exporter into Phoenix could neither queue nor send.</summary>
    public double LostOnLink => Exporters.GetValueOrDefault(LinkExporter)?.Lost ?? 0;

    /// <summary>Reads the Prometheus text exposition; series of the same name and exporter are added up.</summary>
    public static StockMetrics Parse(string exposition)
    {
        var accepted = 0d;
        var exporters = new Dictionary<string, ExporterPoints>();
        foreach (var line in exposition.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith("otelcol_") || Parts().Match(line.ToString()) is not { Success: true } match
                || !double.TryParse(match.Groups["value"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                continue;
            var name = match.Groups["name"].Value;
            if (name is ReceiverAccepted)
                accepted += value;
            if (ExporterLabel().Match(match.Groups["labels"].Value) is not { Success: true } label)
                continue;
            var exporter = label.Groups[1].Value;
            var points = exporters.GetValueOrDefault(exporter, new ExporterPoints(0, 0));
            exporters[exporter] = name switch
            {
                Sent => points with { Sent = points.Sent + value },
                SendFailed or EnqueueFailed => points with { Lost = points.Lost + value },
                _ => points,
            };
        }
        return new StockMetrics(accepted, exporters);
    }

    // Some versions end a counter's name in _total where the reader asks for no suffix.
    [GeneratedRegex(@"^(?<name>\w+?)(?:_total)?\{(?<labels>.*)\} (?<value>\S+)")]
    private static partial Regex Parts();

    [GeneratedRegex("""(?:^|,)exporter="((?:[^"\\]|\\.)*)"[,]?""")]
    private static partial Regex ExporterLabel();
}

/// <param name="Sent">Points that the backend took.</param>
/// <param name="Lost">Points that could not be queued, or not be sent with all retries.</param>
internal sealed record ExporterPoints(double Sent, double Lost);
