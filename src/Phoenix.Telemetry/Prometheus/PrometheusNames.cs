namespace Phoenix.Telemetry;

/// <summary>
/// Makes Prometheus names out of OTLP ones (OpenTelemetry, "Prometheus and OpenMetrics compatibility", §OTLP Metric points to
/// Prometheus).
/// </summary>
public static class PrometheusNames
{
    /// <summary>
    /// Name of the scope that metrics get which were read from Prometheus: a scrape or a remote write. It says that metric names
    /// are complete, with unit and type suffixes; written as Prometheus again, they stay as they are, and there are no
    /// <c>otel_scope_</c> labels.
    /// </summary>
    public const string Scope = "prometheus";

    /// <summary>Whether a scope is the one of metrics that were read from Prometheus.</summary>
    internal static bool IsPrometheus(ReadOnlySpan<byte> scope)
    {
        var cursor = new ProtoCursor(scope, 0);
        while (cursor.Next())
        {
            if (cursor.Field == 1)
                return cursor.Content.SequenceEqual("prometheus"u8);
        }

        return false;
    }

    /// <summary>Whether it matches <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.</summary>
    internal static bool IsMetricName(ReadOnlySpan<byte> name) => IsName(name, colons: true);

    /// <summary>Whether it matches <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
    internal static bool IsLabelName(ReadOnlySpan<byte> name) => IsName(name, colons: false);

    /// <summary>Appends a label name: as it is where it is valid, else cleaned.</summary>
    internal static void AppendLabel(ProtoBuffer text, ReadOnlySpan<byte> key)
    {
        if (IsLabelName(key))
            text.Append(key);
        else
            AppendClean(text, key, colons: false);
    }

    /// <summary>
    /// Appends the metric's name without type suffix for the parts of a histogram or summary (<c>_bucket</c>, …) and with
    /// <c>_total</c> for a counter.
    /// </summary>
    /// <param name="complete">The name has its suffixes already: only characters that are not allowed are replaced.</param>
    internal static void AppendMetric(ProtoBuffer text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, bool counter, bool gauge, bool complete)
    {
        var start = text.Length;
        if (IsMetricName(name))
            text.Append(name);
        else
            AppendClean(text, name, colons: true);
        if (complete)
            return;

        var total = counter && text.Span[start..].EndsWith("_total"u8);
        if (total)
            text.Truncate(text.Length - "_total".Length);
        var ownEnd = text.Length;
        if (unit.SequenceEqual("1"u8))
        {
            if (gauge)
                text.Append("ratio"u8);
        }
        else
        {
            PrometheusUnits.AppendWords(text, unit);
        }

        AddUnderscoreUnlessPresent(text, start, ownEnd);
        if (counter)
            text.Append("_total"u8);
    }

    /// <summary>Replaces each run of bytes that may not stand in a name by one <c>_</c>; none at the ends.</summary>
    internal static void AppendCleaned(ProtoBuffer text, ReadOnlySpan<byte> word)
    {
        var pending = false;
        var start = text.Length;
        foreach (var b in word)
        {
            if (!char.IsAsciiLetterOrDigit((char)b))
            {
                pending = text.Length > start;
                continue;
            }

            if (pending)
                text.Append("_"u8);
            pending = false;
            text.Append([b]);
        }
    }

    // The unit stands behind the name without a separator; it is put between them, or the unit is taken back where the name
    // ends with it.
    private static void AddUnderscoreUnlessPresent(ProtoBuffer text, int start, int ownEnd)
    {
        var unitLength = text.Length - ownEnd;
        if (unitLength == 0)
            return;
        var own = text.Span[start..ownEnd];
        var unit = text.Span[ownEnd..];
        if (own.EndsWith(unit) && (own.Length == unitLength || own[^(unitLength + 1)] == (byte)'_'))
        {
            text.Truncate(ownEnd);
            return;
        }

        Span<byte> kept = stackalloc byte[256];
        kept = unitLength <= kept.Length ? kept[..unitLength] : new byte[unitLength];
        unit.CopyTo(kept);
        text.Truncate(ownEnd);
        text.Append("_"u8);
        text.Append(kept);
    }

    private static void AppendClean(ProtoBuffer text, ReadOnlySpan<byte> name, bool colons)
    {
        if (name.Length == 0 || name[0] is >= (byte)'0' and <= (byte)'9')
            text.Append("_"u8);
        var replaced = false;
        foreach (var b in name)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || (colons && b == (byte)':'))
            {
                text.Append([b]);
                replaced = false;
            }
            else if (!replaced)
            {
                text.Append("_"u8);
                replaced = true;
            }
        }
    }

    private static bool IsName(ReadOnlySpan<byte> name, bool colons)
    {
        if (name.Length == 0 || name[0] is >= (byte)'0' and <= (byte)'9')
            return false;
        foreach (var b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != (byte)'_' && !(colons && b == (byte)':'))
                return false;
        }

        return true;
    }
}
