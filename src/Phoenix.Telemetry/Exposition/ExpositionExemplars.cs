using System.Buffers.Text;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Writes the exemplars of an OTLP point in OpenMetrics: at most one a line, the latest. Reused.</summary>
internal sealed class ExpositionExemplars
{
    private const int MostCharacters = 128;

    private readonly ProtoBuffer rendered = new();
    private readonly ProtoBuffer label = new();
    private readonly List<(double Value, ulong UnixNanos, int Start, int Length)> all = [];
    private double taken;

    /// <param name="point">Nothing where the format has no exemplars.</param>
    public void Begin(ReadOnlySpan<byte> point, MetricType type)
    {
        rendered.Clear();
        all.Clear();
        taken = double.NegativeInfinity;
        var walk = new OtlpExemplars(point, type);
        while (walk.Next())
        {
            var start = rendered.Length;
            Render(walk);
            all.Add((walk.Value, walk.UnixNanos, start, rendered.Length - start));
        }
    }

    public void WriteLatest(ProtoBuffer text) => Write(text, double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Writes the latest exemplar above the bound before and up to this one.</summary>
    public void WriteBucket(ProtoBuffer text, double bound)
    {
        Write(text, taken, bound);
        taken = bound;
    }

    public static void AppendSeconds(ProtoBuffer text, ulong unixNanos)
    {
        Span<byte> digits = stackalloc byte[32];
        Utf8Formatter.TryFormat(unixNanos / 1_000_000_000m, digits, out var written);
        text.Append(digits[..written]);
    }

    private void Write(ProtoBuffer text, double above, double upTo)
    {
        var latest = -1;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Value <= upTo && (all[i].Value > above || double.IsNegativeInfinity(above)) && (latest < 0 || all[i].UnixNanos >= all[latest].UnixNanos))
                latest = i;
        }

        if (latest >= 0)
            text.Append(rendered.Span.Slice(all[latest].Start, all[latest].Length));
    }

    private void Render(scoped in OtlpExemplars exemplar)
    {
        rendered.Append(" # {"u8);
        var room = MostCharacters;
        var first = true;
        Span<byte> hex = stackalloc byte[64];
        if (exemplar.TraceId.Length is > 0 and <= 32 && Convert.TryToHexStringLower(exemplar.TraceId, hex, out var written))
            RenderLabel("trace_id"u8, hex[..written], ref room, ref first);
        if (exemplar.SpanId.Length is > 0 and <= 32 && Convert.TryToHexStringLower(exemplar.SpanId, hex, out written))
            RenderLabel("span_id"u8, hex[..written], ref room, ref first);
        var attributes = new Attributes(exemplar.Current, OtlpExemplars.FilteredAttributes);
        while (attributes.Next())
        {
            label.Clear();
            PrometheusNames.AppendLabel(label, attributes.Current.Key);
            var name = label.Length;
            AnyValueText.Append(label, attributes.Current.Value);
            var key = label.Span[..name];
            if (!key.SequenceEqual("trace_id"u8) && !key.SequenceEqual("span_id"u8) && System.Text.Unicode.Utf8.IsValid(label.Span))
                RenderLabel(key, label.Span[name..], ref room, ref first);
        }

        rendered.Append("} "u8);
        PrometheusNumber.AppendShortest(rendered, exemplar.Value);
        if (exemplar.UnixNanos == 0)
            return;
        rendered.Append(" "u8);
        AppendSeconds(rendered, exemplar.UnixNanos);
    }

    private void RenderLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref int room, ref bool first)
    {
        var characters = name.Length + Encoding.UTF8.GetCharCount(value);
        if (characters > room)
            return;
        room -= characters;
        rendered.Append(first ? default : ","u8);
        first = false;
        rendered.Append(name);
        rendered.Append("=\""u8);
        rendered.AppendEscaped(value, quotes: true);
        rendered.Append("\""u8);
    }
}
