using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Turns expositions into OTLP metrics, one family at a time. Reused, not thread-safe.</summary>
internal sealed class ExpositionParser
{
    private readonly ExpositionLine line = new();
    private readonly DistributionFamily distribution = new();
    private readonly ProtoBuffer family = new();
    private readonly ProtoBuffer help = new();
    private readonly ProtoBuffer unit = new();
    private readonly ProtoBuffer open = new();
    private MetricType declared;
    private MetricType openType;
    private bool metricOpen;
    private long samples, malformed;
    private string? firstError;

    public ScrapeResult Parse(ReadOnlySpan<byte> exposition, ulong unixNanos, OtlpWriter writer)
    {
        (samples, malformed, firstError, metricOpen) = (0, 0, null, false);
        Declare(default, MetricType.Gauge);
        distribution.Clear();
        for (var number = 1; exposition.Length > 0; number++)
        {
            var end = exposition.IndexOf((byte)'\n');
            var text = end < 0 ? exposition : exposition[..end];
            exposition = end < 0 ? default : exposition[(end + 1)..];
            if (text.Length > 0 && text[^1] == (byte)'\r')
                text = text[..^1];
            text = ExpositionLine.TrimStart(text);
            if (text.Length == 0)
                continue;
            var problem = text[0] == (byte)'#' ? ReadComment(text[1..], writer) : ReadSample(text, unixNanos, writer);
            if (problem is null)
                continue;
            malformed++;
            firstError ??= $"line {number}: {problem}: {Encoding.UTF8.GetString(text[..Math.Min(text.Length, 120)])}";
        }

        EndFamily(writer);
        return new ScrapeResult(samples, malformed, firstError);
    }

    private string? ReadComment(ReadOnlySpan<byte> rest, OtlpWriter writer)
    {
        var keyword = ExpositionLine.Word(ref rest);
        if (!keyword.SequenceEqual("TYPE"u8) && !keyword.SequenceEqual("HELP"u8) && !keyword.SequenceEqual("UNIT"u8))
            return null;
        var name = ExpositionLine.Word(ref rest);
        if (name.Length == 0)
            return "a metric name is missing";
        if (!name.SequenceEqual(family.Span))
        {
            EndFamily(writer);
            Declare(name, MetricType.Gauge);
        }

        rest = ExpositionLine.TrimStart(rest);
        if (keyword.SequenceEqual("HELP"u8))
        {
            help.Clear();
            help.Append(rest);
        }
        else if (keyword.SequenceEqual("UNIT"u8))
        {
            unit.Clear();
            unit.Append(rest);
        }
        else
        {
            EndFamily(writer);
            var type = ExpositionLine.Word(ref rest);
            declared = type.SequenceEqual("counter"u8) ? MetricType.Sum
                : type.SequenceEqual("histogram"u8) ? MetricType.Histogram
                : type.SequenceEqual("summary"u8) ? MetricType.Summary
                : MetricType.Gauge;
        }

        return null;
    }

    private string? ReadSample(ReadOnlySpan<byte> text, ulong unixNanos, OtlpWriter writer)
    {
        var problem = line.Read(text, out var name);
        if (problem is not null)
            return problem;
        var time = line.Milliseconds is { } ms and >= 0 ? (ulong)ms * 1_000_000 : unixNanos;
        if (declared is MetricType.Histogram or MetricType.Summary && name.StartsWith(family.Span))
        {
            var taken = distribution.Take(line, name[family.Length..], declared == MetricType.Histogram ? "le"u8 : "quantile"u8, time, out problem);
            if (problem is not null)
                return problem;
            if (taken)
            {
                samples++;
                return null;
            }
        }

        var type = declared == MetricType.Sum && IsCounterName(name) ? MetricType.Sum : MetricType.Gauge;
        if (!metricOpen || openType != type || !name.SequenceEqual(open.Span))
        {
            CloseMetric(writer);
            if (!IsOfFamily(name))
            {
                EndFamily(writer);
                Declare(name, MetricType.Gauge);
                type = MetricType.Gauge;
            }

            writer.BeginMetric(type, name, unit.Span, help.Span, monotonic: type == MetricType.Sum, Temporality.Cumulative);
            open.Clear();
            open.Append(name);
            openType = type;
            metricOpen = true;
        }

        writer.BeginPoint(0, time);
        foreach (var label in line.Labels)
            writer.Attribute(line.Text(label.Name, label.NameLength), line.Text(label.Value, label.ValueLength));
        writer.EndPoint(line.Value);
        samples++;
        return null;
    }

    // OpenMetrics declares a counter "x" and samples it as "x_total"; 0.0.4 declares and samples the same name.
    private bool IsCounterName(ReadOnlySpan<byte> name) =>
        name.StartsWith(family.Span) && (name.Length == family.Length || name[family.Length..].SequenceEqual("_total"u8));

    private bool IsOfFamily(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(family.Span))
            return false;
        var suffix = name[family.Length..];
        return suffix.Length == 0 || suffix.SequenceEqual("_total"u8) || suffix.SequenceEqual("_created"u8) || suffix.SequenceEqual("_info"u8);
    }

    private void Declare(ReadOnlySpan<byte> name, MetricType type)
    {
        family.Clear();
        family.Append(name);
        help.Clear();
        unit.Clear();
        declared = type;
    }

    private void EndFamily(OtlpWriter writer)
    {
        CloseMetric(writer);
        distribution.Write(writer, declared, family.Span, unit.Span, help.Span);
    }

    private void CloseMetric(OtlpWriter writer)
    {
        if (metricOpen)
            writer.EndMetric();
        metricOpen = false;
    }
}
