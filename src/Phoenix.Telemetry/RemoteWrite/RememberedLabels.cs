using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>What a label is to the series that has it.</summary>
internal enum LabelRole : byte
{
    None,
    Name,
    Job,
    Instance,
    Edge,
}

/// <summary>What the labels of a series said, by their place in it. The bytes are kept: a request may be gone by the next one.</summary>
internal sealed class RememberedLabels
{
    private const int Places = 32;
    private const int MostBytes = 0x7F;

    private readonly byte[] bytes = new byte[Places * (MostBytes + 1)];
    private readonly byte[] lengths = new byte[Places];
    private readonly LabelRange[] ranges = new LabelRange[Places];
    private readonly LabelRole[] roles = new LabelRole[Places];
    // Whether the name at a place is known to follow the one that is remembered before it.
    private readonly bool[] follows = new bool[Places + 1];

    /// <summary>Reads the label at a place, or remembers that it did.</summary>
    /// <param name="content">The label's message, of one byte of length.</param>
    /// <param name="label">Positions in the content.</param>
    /// <returns>False where the label is not in order, not valid, or not written as usual.</returns>
    public bool TryFind(int place, ReadOnlySpan<byte> content, out LabelRange label, out LabelRole role)
    {
        (label, role) = (default, LabelRole.None);
        if (place >= Places)
            return false;
        var kept = bytes.AsSpan(place * (MostBytes + 1), lengths[place]);
        if (content.Length == 0 || !content.SequenceEqual(kept))
        {
            if (!TryRead(content, out label))
                return false;
            role = RoleOf(content.Slice(label.Name, label.NameLength));
            content.CopyTo(bytes.AsSpan(place * (MostBytes + 1)));
            (lengths[place], ranges[place], roles[place]) = ((byte)content.Length, label, role);
            (follows[place], follows[place + 1]) = (false, false);
        }

        (label, role) = (ranges[place], roles[place]);
        if (!follows[place])
            follows[place] = place == 0 || Name(place - 1).SequenceCompareTo(Name(place)) < 0;
        return follows[place];
    }

    private ReadOnlySpan<byte> Name(int place) => bytes.AsSpan((place * (MostBytes + 1)) + ranges[place].Name, ranges[place].NameLength);

    /// <summary>A name and a value, each once and in this order.</summary>
    private static bool TryRead(ReadOnlySpan<byte> content, out LabelRange label)
    {
        label = default;
        if (content.Length < 4 || content[0] != ((1 << 3) | WireType.Bytes) || content[1] is 0 or >= 0x80)
            return false;
        var value = 2 + content[1];
        if (content.Length < value + 2 || content[value] != ((2 << 3) | WireType.Bytes) || content[value + 1] >= 0x80 || value + 2 + content[value + 1] != content.Length)
            return false;
        label = new LabelRange(2, content[1], value + 2, content[value + 1]);
        return Utf8.IsValid(content.Slice(label.Name, label.NameLength)) && Utf8.IsValid(content.Slice(label.Value, label.ValueLength));
    }

    private static LabelRole RoleOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("__name__"u8) ? LabelRole.Name
        : name.SequenceEqual("job"u8) ? LabelRole.Job
        : name.SequenceEqual("instance"u8) ? LabelRole.Instance
        : name.SequenceEqual("le"u8) ? LabelRole.Edge
        : LabelRole.None;
}
