using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>
/// Writes OTLP exemplars behind OpenMetrics samples: of a counter the newest, of a histogram the newest in each bucket. Reused.
/// </summary>
/// <remarks>OpenMetrics 1.0, §Exemplars: names and values of an exemplar's labels have at most 128 characters together.</remarks>
internal sealed class ExpositionExemplars
{
    private const int MostCharacters = 128;

    private readonly ProtoBuffer encoded = new();
    private readonly ProtoBuffer label = new();
    private readonly HashSet<UInt128> names = [];
    private readonly List<(double Value, ulong Time, int At, int Length)> all = [];

    /// <summary>Takes up the exemplars of a point.</summary>
    public void Begin(ReadOnlySpan<byte> point, MetricType type)
    {
        encoded.Clear();
        all.Clear();
        var exemplars = new OtlpExemplars(point, type);
        while (exemplars.Next())
        {
            var at = encoded.Length;
            Encode(exemplars);
            all.Add((exemplars.Value, exemplars.UnixNanos, at, encoded.Length - at));
        }
    }

    /// <summary>Appends the newest exemplar with a value in a range, if there is one.</summary>
    /// <param name="above">Bound of the bucket before.</param>
    /// <param name="upTo">The bucket's own bound, which is in it.</param>
    /// <param name="lowest">Whether there is no bucket before.</param>
    public void Append(ProtoBuffer text, double above, double upTo, bool lowest)
    {
        var newest = -1;
        for (var i = 0; i < all.Count; i++)
        {
            if ((lowest || all[i].Value > above) && all[i].Value <= upTo && (newest < 0 || all[i].Time >= all[newest].Time))
                newest = i;
        }

        if (newest >= 0)
            text.Append(encoded.Span.Slice(all[newest].At, all[newest].Length));
    }

    private void Encode(scoped in OtlpExemplars exemplar)
    {
        names.Clear();
        var room = MostCharacters;
        encoded.Append(" # {"u8);
        Id("trace_id"u8, exemplar.TraceId, ref room);
        Id("span_id"u8, exemplar.SpanId, ref room);
        var attributes = new Attributes(exemplar.Current, OtlpExemplars.FilteredAttributes);
        while (attributes.Next())
        {
            label.Clear();
            PrometheusNames.AppendLabel(label, attributes.Current.Key);
            var name = label.Length;
            AnyValueText.Append(label, attributes.Current.Value);
            Label(label.Span[..name], label.Span[name..], ref room);
        }

        encoded.Append("} "u8);
        PrometheusNumber.Append(encoded, exemplar.Value);
        if (exemplar.UnixNanos > 0)
            Seconds(exemplar.UnixNanos);
    }

    private void Id(ReadOnlySpan<byte> name, ReadOnlySpan<byte> id, ref int room)
    {
        Span<byte> hex = stackalloc byte[64];
        if (id.Length is > 0 and <= 32 && Convert.TryToHexStringLower(id, hex, out var written))
            Label(name, hex[..written], ref room);
    }

    // A label that has no room, no value or a name that is taken is left out: the exemplar is still true without it.
    private void Label(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref int room)
    {
        if (name.IsEmpty || value.IsEmpty || !Utf8.IsValid(value))
            return;
        var characters = name.Length + Encoding.UTF8.GetCharCount(value);
        if (characters > room || !names.Add(Identity.OfBytes(name)))
            return;
        if (room < MostCharacters)
            encoded.Append(","u8);
        room -= characters;
        encoded.Append(name);
        encoded.Append("=\""u8);
        encoded.AppendEscaped(value, quotes: true);
        encoded.Append("\""u8);
    }

    private void Seconds(ulong unixNanos)
    {
        Span<byte> digits = stackalloc byte[32];
        (unixNanos / 1_000_000_000m).TryFormat(digits, out var length, "0.0########", CultureInfo.InvariantCulture);
        encoded.Append(" "u8);
        encoded.Append(digits[..length]);
    }
}
