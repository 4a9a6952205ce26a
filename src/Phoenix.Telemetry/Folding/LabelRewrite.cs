using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Finds the labels of a reducer in points and resources, and writes them for an output: as they are in a kept stream, or
/// with the name of the rest as their value. An input value that equals the name of the rest, behind any number of
/// backslashes, gets one more backslash, so that the two never meet.
/// </summary>
internal sealed class LabelRewrite
{
    private readonly byte[][] labels;
    private readonly byte[] other;
    private readonly byte[] otherValue;
    private readonly HostStamp host;
    private readonly ProtoBuffer escaped = new();

    public LabelRewrite(IReadOnlyList<string> labels, string other, string? hostId)
    {
        this.labels = new byte[labels.Count][];
        for (var i = 0; i < labels.Count; i++)
            this.labels[i] = Encoding.UTF8.GetBytes(labels[i]);
        this.other = Encoding.UTF8.GetBytes(other);
        var value = new ProtoBuffer();
        value.TextAlways(1, other);
        otherValue = value.Span.ToArray();
        host = new HostStamp(hostId);
    }

    /// <param name="tuple">Adds up what the label values say: the ranking group within a metric.</param>
    /// <param name="rest">The identity with every label value found replaced by the rest's.</param>
    /// <param name="own">The identity of an output with the stream's own labels; never that of a rest.</param>
    /// <param name="escapes">Whether a value equals the name of the rest.</param>
    /// <returns>Whether any label was found.</returns>
    public bool Read(scoped in BatchReader reader, UInt128 identity, out UInt128 tuple, out UInt128 rest, out UInt128 own, out bool escapes)
    {
        tuple = 0;
        rest = identity + host.AddedTo(reader);
        own = rest;
        escapes = false;
        var found = false;
        var field = Attributes.FieldOf(reader.Type);
        for (var i = 0; i < labels.Length; i++)
        {
            var ofResource = !Attributes.TryFind(reader.Point, field, labels[i], out var attribute);
            if (ofResource && !Attributes.TryFind(reader.Resource, Attributes.OfResource, labels[i], out attribute))
                continue;
            found = true;
            escapes |= NeedsEscape(attribute.Value);
            tuple += Identity.OfTupleValue(attribute.Value, i);
            rest += Identity.OfAttribute(new AttributeField(labels[i], otherValue, default), ofResource) - Identity.OfAttribute(attribute, ofResource);
        }

        // Escaped it is another stream than the rest, whose identity it came with.
        if (escapes)
            own = (own * 3) + 1;
        return found;
    }

    /// <summary>Writes the attributes of the current point.</summary>
    public void WritePoint(ProtoBuffer target, scoped in BatchReader reader, bool toRest)
    {
        var field = Attributes.FieldOf(reader.Type);
        var attributes = new Attributes(reader.Point, field);
        while (attributes.Next())
        {
            if (IsLabel(attributes.Current.Key))
                WriteLabel(target, field, attributes.Current, toRest);
            else
                target.Append(attributes.Current.Raw);
        }
    }

    /// <summary>Writes the current <c>ResourceMetrics</c> without its scopes.</summary>
    public void WriteResource(ProtoBuffer target, scoped in BatchReader reader, bool toRest) =>
        ResourceEdit.Write(target, reader, host, new Labelled(this, toRest));

    private void WriteLabel(ProtoBuffer target, int field, in AttributeField attribute, bool toRest)
    {
        if (!toRest && !NeedsEscape(attribute.Value))
        {
            target.Append(attribute.Raw);
            return;
        }

        if (toRest)
        {
            KeyValue.Write(target, field, attribute.Key, other);
            return;
        }

        escaped.Clear();
        escaped.Append("\\"u8);
        escaped.Append(Text(attribute.Value));
        KeyValue.Write(target, field, attribute.Key, escaped.Span);
    }

    private bool IsLabel(ReadOnlySpan<byte> key)
    {
        foreach (var label in labels)
        {
            if (key.SequenceEqual(label))
                return true;
        }

        return false;
    }

    private bool NeedsEscape(ReadOnlySpan<byte> anyValue)
    {
        var text = Text(anyValue);
        if (!text.EndsWith(other))
            return false;
        return text[..^other.Length].IndexOfAnyExcept((byte)'\\') < 0;
    }

    /// <summary>The string in an <c>AnyValue</c>; empty where it is of another type.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> anyValue)
    {
        var cursor = new ProtoCursor(anyValue, 0);
        return cursor.Next() && cursor.Field == 1 && cursor.Wire == WireType.Bytes ? cursor.Content : default;
    }

    private readonly struct Labelled(LabelRewrite labels, bool toRest) : IResourceEdit
    {
        public bool JoinsResources => toRest;

        public void Write(ProtoBuffer target, scoped in BatchReader reader, in AttributeField attribute)
        {
            if (labels.IsLabel(attribute.Key) && ResourceEdit.IsOfResource(reader, attribute.Key))
                labels.WriteLabel(target, Attributes.OfResource, attribute, toRest);
            else
                target.Append(attribute.Raw);
        }
    }
}
