using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Writes OTLP exemplars as those of remote write: all of a point, or those of one bucket. Reused.</summary>
internal sealed class RemoteWriteExemplarWriter
{
    // OpenMetrics 1.0 limits the names and values of an exemplar's labels to 128 characters together.
    private const int MostCharacters = 128;

    private readonly ProtoBuffer label = new();
    private readonly ProtoBuffer encoded = new();
    private readonly List<(double Value, int Start, int Length)> buckets = [];

    public void WriteAll(ProtoBuffer buffer, ReadOnlySpan<byte> point, MetricType type)
    {
        var walk = new OtlpExemplars(point, type);
        while (walk.Next())
            Write(buffer, walk);
    }

    /// <summary>Encodes all exemplars of a point once, before its buckets take theirs.</summary>
    public void BeginBuckets(ReadOnlySpan<byte> point, MetricType type)
    {
        encoded.Clear();
        buckets.Clear();
        var walk = new OtlpExemplars(point, type);
        while (walk.Next())
        {
            var start = encoded.Length;
            Write(encoded, walk);
            buckets.Add((walk.Value, start, encoded.Length - start));
        }
    }

    /// <summary>Writes the exemplars up to a bound that no lower bucket has taken.</summary>
    public void WriteBucket(ProtoBuffer buffer, double bound)
    {
        for (var i = 0; i < buckets.Count; i++)
        {
            var (value, start, length) = buckets[i];
            if (!(value <= bound))
                continue;
            buffer.Append(encoded.Span.Slice(start, length));
            buckets.RemoveAt(i--);
        }
    }

    private void Write(ProtoBuffer buffer, scoped in OtlpExemplars exemplar)
    {
        var message = buffer.Begin(3);
        var room = MostCharacters;
        WriteId(buffer, "trace_id"u8, exemplar.TraceId, ref room);
        WriteId(buffer, "span_id"u8, exemplar.SpanId, ref room);
        var attributes = new Attributes(exemplar.Current, OtlpExemplars.FilteredAttributes);
        while (attributes.Next())
        {
            label.Clear();
            PrometheusNames.AppendLabel(label, attributes.Current.Key);
            var name = label.Length;
            AnyValueText.Append(label, attributes.Current.Value);
            var key = label.Span[..name];
            var value = label.Span[name..];
            if (value.Length > 0 && System.Text.Unicode.Utf8.IsValid(value) && !IsId(key, exemplar))
                WriteLabel(buffer, key, value, ref room);
        }

        buffer.Double(2, exemplar.Value);
        buffer.Tag(3, WireType.Varint);
        buffer.Varint((ulong)PrometheusTime.Milliseconds(exemplar.UnixNanos));
        buffer.End(message);
    }

    private static bool IsId(ReadOnlySpan<byte> key, scoped in OtlpExemplars exemplar) =>
        (exemplar.TraceId.Length > 0 && key.SequenceEqual("trace_id"u8)) || (exemplar.SpanId.Length > 0 && key.SequenceEqual("span_id"u8));

    private static void WriteId(ProtoBuffer buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> id, ref int room)
    {
        Span<byte> hex = stackalloc byte[64];
        if (id.Length is > 0 and <= 32 && Convert.TryToHexStringLower(id, hex, out var written))
            WriteLabel(buffer, name, hex[..written], ref room);
    }

    private static void WriteLabel(ProtoBuffer buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref int room)
    {
        var characters = name.Length + Encoding.UTF8.GetCharCount(value);
        if (characters > room)
            return;
        room -= characters;
        var label = buffer.Begin(1);
        buffer.Bytes(1, name);
        buffer.Bytes(2, value);
        buffer.End(label);
    }
}
