using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Turns expositions into OTLP metrics, one family at a time. Reused, not thread-safe.</summary>
internal sealed class ExpositionParser
{
    private readonly ExpositionLine line = new();
    private readonly FamilyPoints gathered = new();
    private readonly ProtoBuffer family = new();
    private readonly ProtoBuffer help = new();
    private readonly ProtoBuffer unit = new();
    private readonly ProtoBuffer open = new();
    private readonly ProtoBuffer exemplar = new();
    private ExpositionFormat format;
    private PrometheusType declared, openPrometheus;
    private MetricType openType;
    private bool metricOpen, ended;
    private long samples, malformed;
    private string? firstError;

    public ScrapeResult Parse(ReadOnlySpan<byte> exposition, ExpositionFormat of, ulong unixNanos, OtlpWriter writer)
    {
        (format, samples, malformed, firstError, metricOpen, ended) = (of, 0, 0, null, false, false);
        Declare(default);
        gathered.Clear();
        for (var number = 1; exposition.Length > 0; number++)
        {
            var end = exposition.IndexOf((byte)'\n');
            var text = end < 0 ? exposition : exposition[..end];
            exposition = end < 0 ? default : exposition[(end + 1)..];
            if (text.Length > 0 && text[^1] == (byte)'\r')
                text = text[..^1];
            var indent = text.Length;
            text = ExpositionLine.TrimStart(text);
            indent -= text.Length;
            if (text.Length == 0)
                continue;
            var column = 1;
            string? problem;
            if (ended)
            {
                problem = "text after # EOF";
            }
            else if (text[0] == (byte)'#')
            {
                problem = ReadComment(text[1..], text.Length, ref column, writer);
            }
            else
            {
                problem = ReadSample(text, unixNanos, writer, ref column);
            }

            if (problem is null)
                continue;
            malformed++;
            firstError ??= $"line {number}, column {indent + column}: {problem}: {Encoding.UTF8.GetString(text[..Math.Min(text.Length, 120)])}";
        }

        EndFamily(writer);
        return new ScrapeResult(samples, malformed, firstError) { Ended = ended };
    }

    private string? ReadComment(ReadOnlySpan<byte> rest, int length, ref int column, OtlpWriter writer)
    {
        var keyword = ExpositionLine.Word(ref rest);
        if (keyword.SequenceEqual("EOF"u8) && format == ExpositionFormat.OpenMetrics && ExpositionLine.TrimStart(rest).Length == 0)
        {
            ended = true;
            return null;
        }

        if (!keyword.SequenceEqual("TYPE"u8) && !keyword.SequenceEqual("HELP"u8) && !keyword.SequenceEqual("UNIT"u8))
            return null;
        rest = ExpositionLine.TrimStart(rest);
        column = length - rest.Length + 1;
        var name = FamilyName(ref rest);
        if (name.Length == 0)
            return "a metric name is missing";
        if (!name.SequenceEqual(family.Span))
        {
            EndFamily(writer);
            Declare(name);
        }

        rest = ExpositionLine.TrimStart(rest);
        if (keyword.SequenceEqual("HELP"u8))
        {
            help.Clear();
            help.AppendHelp(rest);
        }
        else if (keyword.SequenceEqual("UNIT"u8))
        {
            unit.Clear();
            unit.Append(PrometheusUnits.ToUcum(rest.TrimEnd((byte)' ')));
        }
        else
        {
            EndFamily(writer);
            column = length - rest.Length + 1;
            if (!PrometheusTypes.TryRead(ExpositionLine.Word(ref rest), out declared))
                return "a type that is not known";
        }

        return null;
    }

    // A name that holds other characters than the classic ones is quoted.
    private static ReadOnlySpan<byte> FamilyName(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length == 0 || rest[0] != (byte)'"')
            return ExpositionLine.Word(ref rest);
        var end = rest[1..].IndexOf((byte)'"');
        if (end < 0)
            return default;
        var name = rest.Slice(1, end);
        rest = rest[(end + 2)..];
        return name;
    }

    private string? ReadSample(ReadOnlySpan<byte> text, ulong unixNanos, OtlpWriter writer, ref int column)
    {
        var problem = line.Read(text, format, out var name);
        if (problem is not null)
        {
            column = line.Column;
            return problem;
        }

        var time = line.UnixNanos ?? unixNanos;
        if (IsGathered() && name.StartsWith(family.Span) && gathered.Take(line, name[family.Length..], Form(declared), time, out problem))
        {
            if (problem is null)
                samples++;
            return problem;
        }

        var (type, prometheus) = TypeOf(name);
        if (!metricOpen || openType != type || !name.SequenceEqual(open.Span))
        {
            CloseMetric(writer);
            if (!IsOfFamily(name))
            {
                EndFamily(writer);
                Declare(name);
                (type, prometheus) = (MetricType.Gauge, PrometheusType.Unknown);
            }

            writer.BeginMetric(type, name, unit.Span, help.Span, monotonic: prometheus == PrometheusType.Counter, Temporality.Cumulative);
            open.Clear();
            open.Append(name);
            (openType, openPrometheus) = (type, prometheus);
            metricOpen = true;
        }

        writer.BeginPoint(0, time);
        foreach (var label in line.Labels)
            writer.Attribute(line.Text(label, value: false), line.Text(label, value: true));
        if (line.HasExemplar && prometheus == PrometheusType.Counter)
        {
            exemplar.Clear();
            ExemplarLabels.Write(exemplar, line, OtlpExemplars.FieldOf(type));
            writer.Raw(exemplar.Span);
        }

        writer.EndPoint(line.Value);
        samples++;
        return null;
    }

    /// <summary>Whether a point of the family takes several lines.</summary>
    private bool IsGathered() =>
        declared is PrometheusType.Histogram or PrometheusType.Summary || (declared == PrometheusType.Counter && format == ExpositionFormat.OpenMetrics);

    private static MetricType Form(PrometheusType type) => type switch
    {
        PrometheusType.Counter or PrometheusType.Info or PrometheusType.StateSet => MetricType.Sum,
        PrometheusType.Histogram => MetricType.Histogram,
        PrometheusType.Summary => MetricType.Summary,
        _ => MetricType.Gauge,
    };

    /// <summary>Of a sample that is a point by itself.</summary>
    private (MetricType Type, PrometheusType Prometheus) TypeOf(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(family.Span))
            return (MetricType.Gauge, PrometheusType.Unknown);
        var suffix = name[family.Length..];
        return declared switch
        {
            // OpenMetrics declares a counter "x" and samples it as "x_total"; 0.0.4 declares and samples the same name.
            PrometheusType.Counter when suffix.Length == 0 || suffix.SequenceEqual("_total"u8) => (MetricType.Sum, declared),
            PrometheusType.Info when suffix.Length == 0 || suffix.SequenceEqual("_info"u8) => (MetricType.Sum, declared),
            PrometheusType.StateSet when suffix.Length == 0 => (MetricType.Sum, declared),
            PrometheusType.Gauge when suffix.Length == 0 => (MetricType.Gauge, declared),
            PrometheusType.GaugeHistogram => (MetricType.Gauge, declared),
            _ => (MetricType.Gauge, PrometheusType.Unknown),
        };
    }

    private bool IsOfFamily(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(family.Span))
            return false;
        var suffix = name[family.Length..];
        return suffix.Length == 0 || suffix.SequenceEqual("_total"u8) || suffix.SequenceEqual("_created"u8) || suffix.SequenceEqual("_info"u8)
            || (declared == PrometheusType.GaugeHistogram && (suffix.SequenceEqual("_bucket"u8) || suffix.SequenceEqual("_gcount"u8) || suffix.SequenceEqual("_gsum"u8)));
    }

    private void Declare(ReadOnlySpan<byte> name)
    {
        family.Clear();
        family.Append(name);
        help.Clear();
        unit.Clear();
        declared = PrometheusType.Unknown;
    }

    private void EndFamily(OtlpWriter writer)
    {
        CloseMetric(writer);
        gathered.Write(writer, Form(declared), declared, GatheredName(), unit.Span, help.Span);
    }

    // A counter keeps the name of its series, as Prometheus stores it.
    private ReadOnlySpan<byte> GatheredName()
    {
        if (declared != PrometheusType.Counter)
            return family.Span;
        open.Clear();
        open.Append(family.Span);
        open.Append("_total"u8);
        return open.Span;
    }

    private void CloseMetric(OtlpWriter writer)
    {
        if (metricOpen)
            writer.EndMetric(PrometheusTypes.Word(openPrometheus));
        metricOpen = false;
    }
}
