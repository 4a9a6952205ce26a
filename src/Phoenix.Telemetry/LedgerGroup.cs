using System.Globalization;
using System.Text;

namespace Phoenix.Telemetry;

internal enum LedgerKind : byte
{
    /// <summary>Cumulative: compared by increments.</summary>
    Cumulative,

    /// <summary>Delta: every point is an increment.</summary>
    Delta,

    /// <summary>Compared by the sum of fresh values at the cut.</summary>
    Level,
}

/// <summary>One surviving label group: what went in, what came out.</summary>
internal sealed class LedgerGroup(UInt128 key, MeteredMetric metric, LedgerKind kind, string name)
{
    // Sums of doubles in another order differ in the last digits; integers have to agree exactly.
    private const double Tolerance = 1e-9;

    private readonly List<(UInt128 Bounds, long[] Difference)> buckets = [];
    private long wholeIn, wholeOut;
    private double fractionIn, fractionOut;

    public UInt128 Key { get; } = key;

    public MeteredMetric Metric { get; } = metric;

    public LedgerKind Kind { get; } = kind;

    /// <summary>Metric and surviving point labels, as a person writes them.</summary>
    public string Name { get; } = name;

    public long Increments { get; set; }

    public bool SeenOut { get; set; }

    /// <summary>Some stream of it came in that no named rule drops.</summary>
    public bool HasToComeOut { get; set; }

    public int StreamsIn { get; set; }

    public int StreamsOut { get; set; }

    public ulong NewestIn { get; set; }

    public ulong NewestOut { get; set; }

    public double In => wholeIn + fractionIn;

    public double Out => wholeOut + fractionOut;

    /// <summary>|in − out|; of histograms the observations that are missing, too many, or in another bucket.</summary>
    public double Error
    {
        get
        {
            var (fraction, magnitude) = (fractionIn - fractionOut, Math.Abs(fractionIn) + Math.Abs(fractionOut) + Magnitude);
            if (In == Out || double.IsNaN(fraction) || Math.Abs(fraction) <= Tolerance * magnitude)
                fraction = double.IsNaN(fraction) && In != Out ? double.PositiveInfinity : 0;
            var error = Math.Abs(wholeIn - wholeOut + fraction);

            // A whole sum beside a fractional one: only their difference as numbers says something.
            if (error > 0 && Math.Abs(In - Out) <= Tolerance * (Math.Abs(In) + Magnitude) && (fractionIn != 0 || fractionOut != 0))
                error = 0;
            double moved = 0;
            foreach (var (_, difference) in buckets)
            {
                foreach (var bucket in difference)
                    moved += Math.Abs((double)bucket);
            }

            return Math.Max(error, moved / 2);
        }
    }

    public double RelativeError => Error switch
    {
        0 => 0,
        var error => In == 0 ? 1 : Math.Min(error / Math.Abs(In), double.MaxValue),
    };

    /// <summary>Sum of absolute levels, the scale on which their sum is compared.</summary>
    private double Magnitude { get; set; }

    public void Add(bool isInput, long increment)
    {
        if (isInput)
            wholeIn += increment;
        else
            wholeOut += increment;
    }

    public void Add(bool isInput, double increment)
    {
        if (isInput)
            fractionIn += increment;
        else
            fractionOut += increment;
    }

    public void AddLevel(bool isInput, bool isInteger, long whole, double fraction)
    {
        if (isInteger)
            Add(isInput, whole);
        else
            Add(isInput, fraction);
        Magnitude += Math.Abs(isInteger ? whole : fraction);
    }

    public void ClearLevel() => (wholeIn, wholeOut, fractionIn, fractionOut, Magnitude) = (0, 0, 0, 0, 0);

    public void AddBucket(bool isInput, UInt128 bounds, int index, int count, long increment)
    {
        foreach (var (known, difference) in buckets)
        {
            if (known != bounds || difference.Length != count)
                continue;
            difference[index] += isInput ? increment : -increment;
            return;
        }

        buckets.Add((bounds, new long[count]));
        AddBucket(isInput, bounds, index, count, increment);
    }

    public static string Describe(MeteredMetric metric, scoped in BatchReader reader)
    {
        const int LongEnough = 200;
        var text = new StringBuilder(metric.Name);
        var separator = '{';
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        while (text.Length < LongEnough && attributes.Next())
        {
            if (IsFolded(metric, attributes.Current.Key, ofResource: false))
                continue;
            text.Append(separator).Append(Encoding.UTF8.GetString(attributes.Current.Key)).Append("=\"").Append(Text(attributes.Current.Value)).Append('"');
            separator = ',';
        }

        return separator == '{' ? text.ToString() : text.Append('}').ToString();
    }

    public static bool IsFolded(MeteredMetric metric, ReadOnlySpan<byte> key, bool ofResource) =>
        Holds(metric.FoldedLabels, key) || (!ofResource && metric.KeptLabels is { } kept && !Holds(kept, key));

    private static bool Holds(byte[][] labels, ReadOnlySpan<byte> key)
    {
        foreach (var label in labels)
        {
            if (key.SequenceEqual(label))
                return true;
        }

        return false;
    }

    private static string Text(ReadOnlySpan<byte> anyValue)
    {
        var cursor = new ProtoCursor(anyValue, 0);
        if (!cursor.Next())
            return "";
        return (cursor.Field, cursor.Wire) switch
        {
            (1, WireType.Bytes) => Encoding.UTF8.GetString(cursor.Content),
            (2, WireType.Varint) => cursor.Scalar != 0 ? "true" : "false",
            (3, WireType.Varint) => ((long)cursor.Scalar).ToString(CultureInfo.InvariantCulture),
            (4, WireType.Fixed64) => BitConverter.UInt64BitsToDouble(cursor.Scalar).ToString(CultureInfo.InvariantCulture),
            _ => "…",
        };
    }
}
