using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>
/// The labels of one series, sorted by name, made of a resource, a scope and a point. Reused: what resource and scope give is
/// kept while their points are walked.
/// </summary>
/// <remarks>
/// Where attributes become the same label, their values are joined by <c>;</c> in the order of the attributes' keys, as
/// OpenTelemetry asks. A label that a series needs for itself (<c>__name__</c>, <c>le</c>, <c>quantile</c>, and <c>job</c> and
/// <c>instance</c> where the resource has them) goes before: an attribute of that name gets <c>exported_</c> before it, as
/// Prometheus does when it scrapes.
/// </remarks>
internal sealed class PrometheusLabels(PrometheusLabelOptions options)
{
    // Values of repeated points are written behind each other until this much stands there.
    private const int MostRepeatedText = 1 << 16;

    private enum Rank : byte
    {
        Reserved,
        Attribute,
        External,
    }

    private record struct Label(int Name, int NameLength, int Value, int ValueLength, int Key, int KeyLength, Rank Rank);

    private readonly ProtoBuffer text = new();
    private readonly List<Label> labels = [];
    // What resource and scope give, in the order they give it: sorting a point's labels must not mix them up.
    private readonly List<Label> shared = [];
    private readonly (byte[] Name, byte[] Value)[] external =
        [.. options.External.Select(label => (Encoding.UTF8.GetBytes(label.Name), Encoding.UTF8.GetBytes(label.Value)))];
    private readonly AttributeShape shape = new();
    private int resourceText, resourceLabels, scopeText, attributesAt;
    private bool resourceInvalid, scopeInvalid, plain;

    public int Count => labels.Count;

    /// <summary>Whether every name and value is UTF-8.</summary>
    public bool IsValid { get; private set; }

    /// <summary>Place of <c>__name__</c>, whose value the writer puts in; and of <c>le</c> or <c>quantile</c>, or -1.</summary>
    public int NameSlot { get; private set; }

    public int EdgeSlot { get; private set; }

    public ReadOnlySpan<byte> Name(int index) => text.Span.Slice(labels[index].Name, labels[index].NameLength);

    public ReadOnlySpan<byte> Value(int index) => text.Span.Slice(labels[index].Value, labels[index].ValueLength);

    public void BeginResource(ReadOnlySpan<byte> resource, PrometheusTarget target)
    {
        text.Clear();
        labels.Clear();
        shape.Forget();
        IsValid = true;
        AddReserved("job"u8, target.Job);
        AddReserved("instance"u8, target.Instance);
        foreach (var (name, value) in external)
            Add(name, value, Rank.External);
        if (options.ResourceAttributes)
            AddResource(resource);
        resourceInvalid = !IsValid;
        shared.Clear();
        shared.AddRange(labels);
        (resourceText, resourceLabels) = (text.Length, labels.Count);
    }

    public void BeginScope(ReadOnlySpan<byte> scope)
    {
        text.Truncate(resourceText);
        shape.Forget();
        shared.RemoveRange(resourceLabels, shared.Count - resourceLabels);
        labels.Clear();
        IsValid = !resourceInvalid;
        if (options.Scope)
            AddScope(scope);
        scopeInvalid = !IsValid;
        shared.AddRange(labels);
        scopeText = text.Length;
    }

    /// <param name="edge">Name of the label of a bucket or quantile; empty where the series has none.</param>
    public void BeginPoint(ReadOnlySpan<byte> edge)
    {
        text.Truncate(scopeText);
        labels.Clear();
        labels.AddRange(shared);
        IsValid = !scopeInvalid;
        Slot("__name__"u8);
        if (edge.Length > 0)
            Slot(edge);
        attributesAt = labels.Count;
        shape.Forget();
    }

    public void AddAttributes(ReadOnlySpan<byte> owner, int field)
    {
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
            AddAttribute(attributes.Current.Key, attributes.Current.Value, default);
    }

    /// <summary>
    /// Makes the labels of a number point whose attributes have the keys of the point before, under the same resource and scope,
    /// and are all short texts: names and order are then the same, and only values change.
    /// </summary>
    /// <returns>False where it is not so; the point has to be begun.</returns>
    public bool TryRepeat(ReadOnlySpan<byte> point, out NumberFields fields)
    {
        fields = default;
        if (!shape.IsKnown || text.Length > MostRepeatedText || !shape.TryRead(point, out fields))
            return false;
        for (var place = 0; place < shape.Count; place++)
        {
            if (!shape.HasChanged(place))
                continue;
            var value = shape.Value(point, place);
            ref var label = ref CollectionsMarshal.AsSpan(labels)[shape.LabelOf(place)];
            label = label with { Value = text.Length, ValueLength = value.Length };
            text.Append(value);
        }

        return true;
    }

    /// <summary>After <see cref="Finish"/>: remembers a number point for <see cref="TryRepeat"/>.</summary>
    public void Remember(ReadOnlySpan<byte> point)
    {
        if (!plain || !IsValid || !shape.TryLearn(point) || shape.Count != labels.Count - attributesAt)
        {
            shape.Forget();
            return;
        }

        // Sorting has moved the labels: each is found again by its attribute's key.
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i].Rank != Rank.Attribute)
                continue;
            for (var place = 0; place < shape.Count; place++)
            {
                if (text.Span.Slice(labels[i].Key, labels[i].KeyLength).SequenceEqual(shape.Key(point, place)))
                    shape.Place(place, i);
            }
        }
    }

    /// <summary>The attributes of a resource that <c>job</c> and <c>instance</c> do not tell.</summary>
    public void AddResource(ReadOnlySpan<byte> resource)
    {
        var attributes = new Attributes(resource, Attributes.OfResource);
        while (attributes.Next())
        {
            if (!PrometheusTarget.Tells(attributes.Current.Key))
                AddAttribute(attributes.Current.Key, attributes.Current.Value, default);
        }
    }

    /// <summary>Sorts, joins what has become one label, and finds the slots.</summary>
    public void Finish()
    {
        Sort();
        plain = true;
        for (var i = 1; i < labels.Count; i++)
        {
            if (!Name(i).SequenceEqual(Name(i - 1)))
                continue;
            plain = false;
            if (labels[i].Rank == Rank.External)
            {
                labels.RemoveAt(i--);
            }
            else if (labels[i - 1].Rank == Rank.Reserved)
            {
                labels[i] = Renamed(labels[i]);
                Sort();
                i = 0;
            }
            else
            {
                labels[i - 1] = Joined(labels[i - 1], labels[i]);
                labels.RemoveAt(i--);
            }
        }

        (NameSlot, EdgeSlot) = (-1, -1);
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i].Rank != Rank.Reserved || labels[i].ValueLength > 0)
                continue;
            if (Name(i).SequenceEqual("__name__"u8))
                NameSlot = i;
            else
                EdgeSlot = i;
        }
    }

    private void AddScope(ReadOnlySpan<byte> scope)
    {
        if (PrometheusNames.IsPrometheus(scope))
            return;
        var cursor = new ProtoCursor(scope, 0);
        ReadOnlySpan<byte> name = default, version = default;
        while (cursor.Next())
        {
            if (cursor.Wire != WireType.Bytes)
                continue;
            if (cursor.Field == 1)
                name = cursor.Content;
            else if (cursor.Field == 2)
                version = cursor.Content;
        }

        Add("otel_scope_name"u8, name, Rank.Attribute);
        Add("otel_scope_version"u8, version, Rank.Attribute);
        var attributes = new Attributes(scope, Attributes.OfScope);
        while (attributes.Next())
        {
            var key = attributes.Current.Key;
            if (!key.SequenceEqual("name"u8) && !key.SequenceEqual("version"u8) && !key.SequenceEqual("schema_url"u8))
                AddAttribute(key, attributes.Current.Value, "otel_scope_"u8);
        }
    }

    private void AddAttribute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> anyValue, ReadOnlySpan<byte> prefix)
    {
        var keyAt = text.Length;
        text.Append(prefix);
        text.Append(key);
        var name = text.Length;
        if (prefix.Length == 0)
            PrometheusNames.AppendLabel(text, key);
        else
            PrometheusNames.AppendLabel(text, text.Span[keyAt..name].ToArray());
        var value = text.Length;
        AnyValueText.Append(text, anyValue);
        if (text.Length == value)
        {
            text.Truncate(keyAt);
            return;
        }

        IsValid &= Utf8.IsValid(text.Span[value..]);
        labels.Add(new Label(name, value - name, value, text.Length - value, keyAt, name - keyAt, Rank.Attribute));
    }

    private void AddReserved(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (value.Length > 0)
            Add(name, value, Rank.Reserved);
    }

    private void Slot(ReadOnlySpan<byte> name)
    {
        var at = text.Length;
        text.Append(name);
        labels.Add(new Label(at, name.Length, at, 0, at, 0, Rank.Reserved));
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Rank rank)
    {
        if (value.Length == 0)
            return;
        var at = text.Length;
        text.Append(name);
        text.Append(value);
        IsValid &= Utf8.IsValid(value);
        labels.Add(new Label(at, name.Length, at + name.Length, value.Length, at, name.Length, rank));
    }

    private Label Renamed(Label label)
    {
        var name = text.Span.Slice(label.Name, label.NameLength).ToArray();
        var at = text.Length;
        text.Append("exported_"u8);
        text.Append(name);
        return label with { Name = at, NameLength = text.Length - at };
    }

    private Label Joined(Label first, Label second)
    {
        var a = text.Span.Slice(first.Value, first.ValueLength).ToArray();
        var b = text.Span.Slice(second.Value, second.ValueLength).ToArray();
        var at = text.Length;
        text.Append(a);
        text.Append(";"u8);
        text.Append(b);
        return first with { Value = at, ValueLength = text.Length - at };
    }

    // Insertion: there are few labels, and most senders write them in order.
    private void Sort()
    {
        for (var i = 1; i < labels.Count; i++)
        {
            var label = labels[i];
            var to = i;
            while (to > 0 && Compare(label, labels[to - 1]) < 0)
            {
                labels[to] = labels[to - 1];
                to--;
            }

            labels[to] = label;
        }
    }

    private int Compare(Label a, Label b)
    {
        var span = text.Span;
        var order = span.Slice(a.Name, a.NameLength).SequenceCompareTo(span.Slice(b.Name, b.NameLength));
        if (order == 0)
            order = a.Rank.CompareTo(b.Rank);
        return order != 0 ? order : span.Slice(a.Key, a.KeyLength).SequenceCompareTo(span.Slice(b.Key, b.KeyLength));
    }
}

/// <summary>Which labels a series gets beside its attributes, <c>job</c> and <c>instance</c>.</summary>
public sealed record PrometheusLabelOptions
{
    /// <summary>Labels for every series that has none of that name.</summary>
    public IReadOnlyList<(string Name, string Value)> External { get; init; } = [];

    /// <summary>All resource attributes become labels (<c>resource_to_telemetry_conversion</c>).</summary>
    public bool ResourceAttributes { get; init; }

    /// <summary>Name, version and attributes of the scope become <c>otel_scope_</c> labels.</summary>
    public bool Scope { get; init; } = true;
}
