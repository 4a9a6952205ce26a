using System.Buffers.Binary;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>What a number point says beside its attributes.</summary>
internal struct NumberFields
{
    public ulong UnixNanos;

    /// <summary>Of the value as a double.</summary>
    public ulong ValueBits;
    public bool HasValue;
    public bool NoRecordedValue;
}

/// <summary>
/// The keys of a point's attributes by their place, and the values that stood there last. Points of one metric nearly always
/// have the same keys in the same order, and most of their values.
/// </summary>
internal sealed class AttributeShape
{
    private const int Places = 32;
    private const int MostBytes = 0x7F;

    private readonly byte[] bytes = new byte[Places * (MostBytes + 1)];
    private readonly byte[] lengths = new byte[Places];
    private readonly int[] at = new int[Places];
    private readonly int[] labels = new int[Places];
    private readonly bool[] changed = new bool[Places];

    public bool IsKnown { get; private set; }

    public int Count { get; private set; }

    public void Forget() => (IsKnown, Count) = (false, 0);

    /// <summary>Takes a number point's keys over, unless one is not a short text behind a short key.</summary>
    public bool TryLearn(ReadOnlySpan<byte> point)
    {
        Forget();
        var attributes = new Attributes(point, Attributes.FieldOf(MetricType.Sum));
        while (attributes.Next())
        {
            var pair = PairOf(attributes.Current.Raw);
            if (Count == Places || !IsShortText(pair) || !TryKeep(point, Count, pair))
                return false;
            Count++;
        }

        return IsKnown = Count > 0;
    }

    /// <summary>Reads a number point that has the same keys, and nothing beside them but times, a value and flags.</summary>
    /// <returns>False where it is another: its keys then become the known ones by <see cref="TryLearn"/>.</returns>
    public bool TryRead(ReadOnlySpan<byte> point, out NumberFields fields)
    {
        const byte Attribute = (7 << 3) | WireType.Bytes, Flags = (8 << 3) | WireType.Varint;
        const byte Start = (2 << 3) | WireType.Fixed64, Time = (3 << 3) | WireType.Fixed64;
        const byte Double = (4 << 3) | WireType.Fixed64, Integer = (6 << 3) | WireType.Fixed64;
        fields = default;
        var place = 0;
        for (var next = 0; next < point.Length;)
        {
            var rest = point[(next + 1)..];
            switch (point[next])
            {
                case Attribute when place < Count && rest.Length > 0 && rest[0] <= MostBytes && rest[0] < rest.Length:
                    if (!IsAt(point, place++, rest.Slice(1, rest[0])))
                        return false;
                    next += 2 + rest[0];
                    break;
                case Start when rest.Length >= sizeof(ulong):
                    next += 1 + sizeof(ulong);
                    break;
                case Time when rest.Length >= sizeof(ulong):
                    fields.UnixNanos = BinaryPrimitives.ReadUInt64LittleEndian(rest);
                    next += 1 + sizeof(ulong);
                    break;
                case Double when rest.Length >= sizeof(ulong):
                case Integer when rest.Length >= sizeof(ulong):
                    (fields.HasValue, fields.ValueBits) = (true, BinaryPrimitives.ReadUInt64LittleEndian(rest));
                    if (point[next] == Integer)
                        fields.ValueBits = BitConverter.DoubleToUInt64Bits((long)fields.ValueBits);
                    next += 1 + sizeof(ulong);
                    break;
                case Flags when rest.Length > 0 && rest[0] < 0x80:
                    fields.NoRecordedValue = (rest[0] & 1) != 0;
                    next += 2;
                    break;
                default:
                    return false;
            }
        }

        return place == Count;
    }

    /// <summary>Whether the value at a place is another than that of the point before.</summary>
    public bool HasChanged(int place) => changed[place];

    public ReadOnlySpan<byte> Key(ReadOnlySpan<byte> point, int place) => point.Slice(at[place] + 2, point[at[place] + 1]);

    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> point, int place)
    {
        var value = at[place] + 2 + point[at[place] + 1] + 4;
        return point.Slice(value, point[value - 1]);
    }

    /// <summary>The label that the attribute at a place has become.</summary>
    public int LabelOf(int place) => labels[place];

    public void Place(int place, int label) => labels[place] = label;

    private bool IsAt(ReadOnlySpan<byte> point, int place, ReadOnlySpan<byte> pair)
    {
        var kept = bytes.AsSpan(place * (MostBytes + 1), lengths[place]);
        changed[place] = !pair.SequenceEqual(kept);
        if (!changed[place])
            return true;

        // The same key, with tag and length, and another value.
        var key = 2 + kept[1];
        return IsShortText(pair) && pair.StartsWith(kept[..key]) && TryKeep(point, place, pair);
    }

    private bool TryKeep(ReadOnlySpan<byte> point, int place, ReadOnlySpan<byte> pair)
    {
        if (!Utf8.IsValid(pair[(2 + pair[1] + 4)..]))
            return false;
        pair.CopyTo(bytes.AsSpan(place * (MostBytes + 1)));
        lengths[place] = (byte)pair.Length;
        point.Overlaps(pair, out at[place]);
        return true;
    }

    private static ReadOnlySpan<byte> PairOf(ReadOnlySpan<byte> raw)
    {
        var cursor = new ProtoCursor(raw, 0);
        cursor.Next();
        return cursor.Content;
    }

    /// <summary>A key and a text that is not empty, each once, in this order, with lengths of one byte.</summary>
    private static bool IsShortText(ReadOnlySpan<byte> pair)
    {
        if (pair.Length is < 8 or > MostBytes || pair[0] != ((1 << 3) | WireType.Bytes) || pair[1] is 0 or >= 0x80)
            return false;
        var value = 2 + pair[1];
        return pair.Length > value + 4 && pair[value] == ((2 << 3) | WireType.Bytes) && pair[value + 1] < 0x80 && value + 2 + pair[value + 1] == pair.Length
            && pair[value + 2] == ((1 << 3) | WireType.Bytes) && pair[value + 3] < 0x80 && value + 4 + pair[value + 3] == pair.Length;
    }
}
