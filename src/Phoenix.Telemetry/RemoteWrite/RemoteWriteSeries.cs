using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>The labels of one series, as positions in its request. Reused for every series.</summary>
/// <remarks>
/// Neighbours share most of their labels, each at the same place: what a label said there last is remembered, and where the
/// bytes are the same it is not read again. What is not written as every sender writes it takes the long way.
/// </remarks>
internal sealed class RemoteWriteSeries
{
    private readonly List<LabelRange> labels = [];
    private readonly List<int> order = [];
    private readonly RememberedLabels remembered = new();

    public ReadOnlySpan<LabelRange> Labels => CollectionsMarshal.AsSpan(labels);

    /// <summary>Where samples may begin: no field before is one.</summary>
    public int SamplesAt { get; private set; }

    /// <summary>Value of <c>__name__</c>, <c>job</c> and <c>instance</c>; of no length where the series has none.</summary>
    public LabelRange Name { get; private set; }

    public LabelRange Job { get; private set; }

    public LabelRange Instance { get; private set; }

    /// <summary>Whether there is a label <c>le</c>.</summary>
    public bool Edged { get; private set; }

    public int Samples { get; private set; }

    public int Histograms { get; private set; }

    public int Exemplars { get; private set; }

    /// <summary>Reads a <c>TimeSeries</c>, all but its samples.</summary>
    /// <returns>Null, or why the series is invalid.</returns>
    /// <exception cref="OtlpFormatException">It is not protobuf.</exception>
    public string? Read(ReadOnlySpan<byte> request, int start, int length)
    {
        Clear();
        if (TryShortWay(request.Slice(start, length), start))
            return null;
        Clear();
        SamplesAt = start;
        string? problem = null;
        var sorted = true;
        ReadOnlySpan<byte> last = default;
        var cursor = new ProtoCursor(request.Slice(start, length), start);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    cursor.Expect(WireType.Bytes, "label");
                    var label = ReadLabel(request, cursor.Content, cursor.ContentOrigin);
                    var name = request.Slice(label.Name, label.NameLength);
                    var order = labels.Count == 0 ? 1 : name.SequenceCompareTo(last);
                    if (order == 0)
                        problem ??= $"a second label {Shown(name)}";
                    sorted &= order > 0;
                    last = name;
                    problem ??= Take(request, label, name);
                    break;
                case 2:
                    cursor.Expect(WireType.Bytes, "sample");
                    Samples++;
                    break;
                case 3:
                    cursor.Expect(WireType.Bytes, "exemplar");
                    Exemplars++;
                    break;
                case 4:
                    cursor.Expect(WireType.Bytes, "histogram");
                    Histograms++;
                    break;
            }
        }

        if (!sorted)
            problem ??= Repeated(request);
        return problem ?? (Name.ValueLength == 0 ? "the label __name__ is missing" : null);
    }

    private void Clear()
    {
        labels.Clear();
        (Name, Job, Instance, Edged) = (default, default, default, false);
        (Samples, Histograms, Exemplars) = (0, 0, 0);
    }

    /// <summary>Reads a series whose labels come first, sorted, short and valid.</summary>
    /// <returns>False where it is not so: nothing that was read then counts.</returns>
    private bool TryShortWay(ReadOnlySpan<byte> series, int start)
    {
        const byte LabelTag = (1 << 3) | WireType.Bytes;
        var at = 0;
        while (at + 1 < series.Length && series[at] == LabelTag)
        {
            var length = series[at + 1];
            if (length >= 0x80 || length > series.Length - at - 2)
                return false;
            if (!remembered.TryFind(labels.Count, series.Slice(at + 2, length), out var label, out var role))
                return false;
            var range = new LabelRange(start + at + 2 + label.Name, label.NameLength, start + at + 2 + label.Value, label.ValueLength);
            labels.Add(range);
            switch (role)
            {
                case LabelRole.Name:
                    Name = range;
                    break;
                case LabelRole.Job:
                    Job = range;
                    break;
                case LabelRole.Instance:
                    Instance = range;
                    break;
                case LabelRole.Edge:
                    Edged = true;
                    break;
            }

            at += 2 + length;
        }

        SamplesAt = start + at;
        while (at < series.Length)
        {
            if (at + 1 >= series.Length || series[at + 1] >= 0x80 || series[at + 1] > series.Length - at - 2)
                return false;
            switch (series[at])
            {
                case (2 << 3) | WireType.Bytes:
                    Samples++;
                    break;
                case (3 << 3) | WireType.Bytes:
                    Exemplars++;
                    break;
                case (4 << 3) | WireType.Bytes:
                    Histograms++;
                    break;
                default:
                    return false;
            }

            at += 2 + series[at + 1];
        }

        return Name.ValueLength > 0;
    }

    internal static LabelRange ReadLabel(ReadOnlySpan<byte> request, ReadOnlySpan<byte> content, int origin)
    {
        int name = origin, nameLength = 0, value = origin, valueLength = 0;
        var cursor = new ProtoCursor(content, origin);
        while (cursor.Next())
        {
            if (cursor.Field == 1)
            {
                cursor.Expect(WireType.Bytes, "label name");
                (name, nameLength) = (cursor.ContentOrigin, cursor.Content.Length);
            }
            else if (cursor.Field == 2)
            {
                cursor.Expect(WireType.Bytes, "label value");
                (value, valueLength) = (cursor.ContentOrigin, cursor.Content.Length);
            }
        }

        return new LabelRange(name, nameLength, value, valueLength);
    }

    private string? Take(ReadOnlySpan<byte> request, LabelRange label, ReadOnlySpan<byte> name)
    {
        labels.Add(label);
        if (name.Length == 0)
            return "a label has no name";
        if (!Utf8.IsValid(name) || !Utf8.IsValid(request.Slice(label.Value, label.ValueLength)))
            return $"the label {Shown(name)} is no UTF-8";
        if (name.SequenceEqual("__name__"u8))
            Name = label;
        else if (name.SequenceEqual("job"u8))
            Job = label;
        else if (name.SequenceEqual("instance"u8))
            Instance = label;
        else if (name.SequenceEqual("le"u8))
            Edged = true;
        return null;
    }

    // Senders must sort labels; where one does not, its series are as good as any, if no name occurs twice.
    private string? Repeated(ReadOnlySpan<byte> request)
    {
        order.Clear();
        for (var i = 0; i < labels.Count; i++)
            order.Add(i);
        var keys = new byte[labels.Count][];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = request.Slice(labels[i].Name, labels[i].NameLength).ToArray();
        order.Sort((a, b) => keys[a].AsSpan().SequenceCompareTo(keys[b]));
        for (var i = 1; i < order.Count; i++)
        {
            if (keys[order[i]].AsSpan().SequenceEqual(keys[order[i - 1]]))
                return $"a second label {Shown(keys[order[i]])}";
        }

        return null;
    }

    internal static string Shown(ReadOnlySpan<byte> name) => System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 80)]);
}
