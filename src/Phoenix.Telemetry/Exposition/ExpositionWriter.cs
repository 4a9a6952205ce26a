using System.Buffers;
using System.Buffers.Text;

namespace Phoenix.Telemetry;

/// <summary>Writes families in one of the text formats. Reused.</summary>
internal sealed class ExpositionWriter(ExpositionStoreOptions options)
{
    private const int FlushBytes = 64 << 10;

    private readonly ProtoBuffer text = new();
    private readonly ExpositionExemplars exemplars = new();
    private bool openMetrics;

    public void Write(IReadOnlyList<ExpositionFamily> families, ExpositionFormat format, IBufferWriter<byte> output)
    {
        openMetrics = format == ExpositionFormat.OpenMetrics;
        text.Clear();
        foreach (var family in families)
        {
            Declare(family);
            foreach (var point in family.Points)
            {
                WritePoint(family, point);
                if (text.Length >= FlushBytes)
                    Flush(output);
            }
        }

        if (openMetrics)
            text.Append("# EOF\n"u8);
        Flush(output);
    }

    private void Flush(IBufferWriter<byte> output)
    {
        output.Write(text.Span);
        text.Clear();
    }

    private void Declare(ExpositionFamily family)
    {
        var declared = Declared(family);
        var type = openMetrics switch
        {
            // In OpenMetrics a counter without _total and an info without _info cannot be said.
            true when family.Type == PrometheusType.Counter && declared.Length == family.Name.Length => PrometheusType.Unknown,
            true when family.Type == PrometheusType.Info && declared.Length == family.Name.Length => PrometheusType.Gauge,
            true when family.Type == PrometheusType.StateSet => PrometheusType.Gauge,
            _ => family.Type,
        };
        Comment("# TYPE "u8, declared, type switch
        {
            PrometheusType.Unknown when !openMetrics => "untyped"u8,
            PrometheusType.Info or PrometheusType.StateSet when !openMetrics => "gauge"u8,
            _ => PrometheusTypes.Word(type),
        });
        text.Append("\n"u8);
        if (openMetrics && family.Unit.Length > 0)
        {
            Comment("# UNIT "u8, declared, family.Unit);
            text.Append("\n"u8);
        }

        if (family.Help.Length == 0)
            return;
        Comment("# HELP "u8, declared, default);
        text.AppendEscaped(family.Help, quotes: openMetrics);
        text.Append("\n"u8);
    }

    /// <summary>The name that the comments have: in OpenMetrics without the suffix that the type adds.</summary>
    private ReadOnlySpan<byte> Declared(ExpositionFamily family)
    {
        var suffix = !openMetrics ? default : family.Type switch { PrometheusType.Counter => "_total"u8, PrometheusType.Info => "_info"u8, _ => default };
        return suffix.Length > 0 && family.Name.Length > suffix.Length && family.Name.AsSpan().EndsWith(suffix) ? family.Name.AsSpan()[..^suffix.Length] : family.Name;
    }

    private void Comment(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> name, ReadOnlySpan<byte> rest)
    {
        text.Append(keyword);
        text.Append(name);
        text.Append(" "u8);
        text.Append(rest);
    }

    private void WritePoint(ExpositionFamily family, ShownPoint point)
    {
        if (family.Form == MetricType.None)
        {
            Series(family, default, point, default, default);
            text.Append("1"u8);
            End(point);
            return;
        }

        var content = point.Content.AsSpan(0, point.Length);
        var fields = PointFields.Read(content, family.Form, 0);
        exemplars.Begin(openMetrics ? content : default, family.Form);
        switch (family.Form)
        {
            case MetricType.Histogram:
                Histogram(family, point, fields);
                break;
            case MetricType.Summary:
                Summary(family, point, content, fields);
                break;
            default:
                Series(family, default, point, default, default);
                Number(fields);
                Stamp(point);
                if (family.Type == PrometheusType.Counter)
                    exemplars.WriteLatest(text);
                text.Append("\n"u8);
                break;
        }

        if (openMetrics && options.Created && fields.KnownStart != 0 && family.Type is PrometheusType.Counter or PrometheusType.Histogram or PrometheusType.Summary)
            Created(family, point, fields.KnownStart);
    }

    private void Histogram(ExpositionFamily family, ShownPoint point, in PointFields fields)
    {
        ulong cumulative = 0;
        var bounds = fields.ExplicitBounds.Length / 8;
        for (var i = 0; i <= bounds; i++)
        {
            var bound = i < bounds ? fields.Bound(i) : double.PositiveInfinity;
            if (i < bounds)
                cumulative = unchecked(cumulative + fields.Bucket(i));
            Series(family, "_bucket"u8, point, "le"u8, bound);
            Whole(i < bounds ? cumulative : fields.Count);
            Stamp(point);
            exemplars.WriteBucket(text, bound);
            text.Append("\n"u8);
        }

        if (fields.HasSum)
        {
            Series(family, "_sum"u8, point, default, default);
            PrometheusNumber.AppendShortest(text, fields.Sum);
            End(point);
        }

        Series(family, "_count"u8, point, default, default);
        Whole(fields.Count);
        End(point);
    }

    private void Summary(ExpositionFamily family, ShownPoint point, ReadOnlySpan<byte> content, in PointFields fields)
    {
        var quantiles = new SummaryQuantiles(content);
        while (quantiles.Next())
        {
            Series(family, default, point, "quantile"u8, quantiles.Quantile);
            PrometheusNumber.AppendShortest(text, quantiles.Value);
            End(point);
        }

        Series(family, "_sum"u8, point, default, default);
        PrometheusNumber.AppendShortest(text, fields.Sum);
        End(point);
        Series(family, "_count"u8, point, default, default);
        Whole(fields.Count);
        End(point);
    }

    private void Created(ExpositionFamily family, ShownPoint point, ulong startUnixNanos)
    {
        var declared = Declared(family);
        // What is no counter in OpenMetrics has no time of creation there.
        if (family.Type == PrometheusType.Counter && declared.Length == family.Name.Length)
            return;
        Line(declared, "_created"u8, point, default, default);
        ExpositionExemplars.AppendSeconds(text, startUnixNanos);
        text.Append("\n"u8);
    }

    private void Series(ExpositionFamily family, ReadOnlySpan<byte> suffix, ShownPoint point, ReadOnlySpan<byte> edge, double bound) =>
        Line(family.Name, suffix, point, edge, bound);

    private void Line(ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ShownPoint point, ReadOnlySpan<byte> edge, double bound)
    {
        text.Append(name);
        text.Append(suffix);
        if (point.Labels.Length + edge.Length > 0)
        {
            text.Append("{"u8);
            text.Append(point.Labels);
            if (edge.Length > 0)
            {
                if (point.Labels.Length > 0)
                    text.Append(","u8);
                text.Append(edge);
                text.Append("=\""u8);
                PrometheusNumber.Append(text, bound);
                text.Append("\""u8);
            }

            text.Append("}"u8);
        }

        text.Append(" "u8);
    }

    private void Number(in PointFields fields)
    {
        if (!fields.IsInteger)
        {
            PrometheusNumber.AppendShortest(text, fields.Number);
            return;
        }

        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat((long)fields.ValueBits, digits, out var written);
        text.Append(digits[..written]);
    }

    private void Whole(ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var written);
        text.Append(digits[..written]);
    }

    private void End(ShownPoint point)
    {
        Stamp(point);
        text.Append("\n"u8);
    }

    private void Stamp(ShownPoint point)
    {
        if (!options.Timestamps)
            return;
        text.Append(" "u8);
        if (openMetrics)
            ExpositionExemplars.AppendSeconds(text, point.UnixNanos);
        else
            Whole((ulong)PrometheusTime.Milliseconds(point.UnixNanos));
    }
}
