namespace Phoenix.Telemetry;

/// <summary>Labels of a Prometheus exemplar as fields of an OTLP one: <c>trace_id</c> and <c>span_id</c> are its own, others filtered attributes.</summary>
internal static class ExemplarLabels
{
    private const int SpanId = 4, TraceId = 5, FilteredAttributes = 7;
    private const int SpanIdBytes = 8, TraceIdBytes = 16;

    /// <summary>Writes the exemplar of a line.</summary>
    public static void Write(ProtoBuffer buffer, ExpositionLine line, int field)
    {
        var exemplar = buffer.Begin(field);
        foreach (var label in line.ExemplarLabels)
            Write(buffer, line.Text(label, value: false), line.Text(label, value: true));
        if (line.ExemplarUnixNanos != 0)
            buffer.Fixed64(2, line.ExemplarUnixNanos);
        buffer.Double(3, line.ExemplarValue);
        buffer.End(exemplar);
    }

    public static void Write(ProtoBuffer buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("trace_id"u8) && TryId(buffer, TraceId, TraceIdBytes, value))
            return;
        if (name.SequenceEqual("span_id"u8) && TryId(buffer, SpanId, SpanIdBytes, value))
            return;
        KeyValue.Write(buffer, FilteredAttributes, name, value);
    }

    private static bool TryId(ProtoBuffer buffer, int field, int bytes, ReadOnlySpan<byte> hex)
    {
        Span<byte> id = stackalloc byte[TraceIdBytes];
        if (hex.Length != 2 * bytes || Convert.FromHexString(hex, id, out _, out var written) != System.Buffers.OperationStatus.Done || written != bytes)
            return false;
        buffer.Bytes(field, id[..bytes]);
        return true;
    }
}
