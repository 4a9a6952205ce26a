using System.IO.Hashing;

namespace Phoenix.Telemetry;

/// <summary>
/// Brings the exemplars of a request to the points of their series. Prometheus sends an exemplar as a series of its own with the
/// labels of the one it belongs to, anywhere in the request.
/// </summary>
internal sealed class RemoteWriteExemplars
{
    private readonly RemoteWriteSeries labels = new();
    private readonly Dictionary<UInt128, int> holders = [];
    private readonly Dictionary<int, List<int>> strays = [];
    private readonly HashSet<int> adopted = [];
    private RemoteWriteGroups? groups;

    public void Gather(ReadOnlySpan<byte> request, RemoteWriteGroups of)
    {
        groups = of;
        holders.Clear();
        strays.Clear();
        adopted.Clear();
        if (!of.Exemplars)
            return;
        for (var i = 0; i < of.Series.Count; i++)
        {
            if (HasPoint(request, of.Series[i]))
                holders[Key(request)] = i;
        }

        for (var i = 0; i < of.Series.Count; i++)
        {
            if (HasPoint(request, of.Series[i]) || labels.Exemplars == 0 || !holders.TryGetValue(Key(request), out var holder))
                continue;
            (strays.TryGetValue(holder, out var list) ? list : strays[holder] = []).Add(i);
            adopted.Add(i);
        }
    }

    /// <summary>Whether the exemplars of a series without samples go to a point of another one.</summary>
    public bool HasHolder(int series) => adopted.Contains(series);

    /// <summary>Writes the exemplars of a series.</summary>
    /// <returns>How many.</returns>
    public int Write(ReadOnlySpan<byte> request, int series, ProtoBuffer buffer, int field)
    {
        if (groups is not { Exemplars: true })
            return 0;
        var written = WriteOwn(request, groups.Series[series], buffer, field);
        if (strays.TryGetValue(series, out var others))
        {
            foreach (var other in others)
                written += WriteOwn(request, groups.Series[other], buffer, field);
        }

        return written;
    }

    private static int WriteOwn(ReadOnlySpan<byte> request, RemoteWriteGroups.OneSeries entry, ProtoBuffer buffer, int field)
    {
        var written = 0;
        var cursor = new ProtoCursor(request.Slice(entry.Start, entry.Length), entry.Start);
        while (cursor.Next())
        {
            if (cursor.Field != 3)
                continue;
            WriteExemplar(request, cursor.Content, cursor.ContentOrigin, buffer, field);
            written++;
        }

        return written;
    }

    private static void WriteExemplar(ReadOnlySpan<byte> request, ReadOnlySpan<byte> content, int origin, ProtoBuffer buffer, int field)
    {
        var exemplar = buffer.Begin(field);
        var cursor = new ProtoCursor(content, origin);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    cursor.Expect(WireType.Bytes, "exemplar label");
                    var label = RemoteWriteSeries.ReadLabel(request, cursor.Content, cursor.ContentOrigin);
                    ExemplarLabels.Write(buffer, request.Slice(label.Name, label.NameLength), request.Slice(label.Value, label.ValueLength));
                    break;
                case 2:
                    cursor.Expect(WireType.Fixed64, "exemplar value");
                    buffer.Fixed64(3, cursor.Scalar);
                    break;
                case 3:
                    cursor.Expect(WireType.Varint, "exemplar timestamp");
                    if (PrometheusTime.TryNanoseconds((long)cursor.Scalar, out var time))
                        buffer.Fixed64(2, time);
                    break;
            }
        }

        buffer.End(exemplar);
    }

    private bool HasPoint(ReadOnlySpan<byte> request, RemoteWriteGroups.OneSeries entry)
    {
        labels.Read(request, entry.Start, entry.Length);
        return labels.Samples > 0 || labels.Histograms > 0;
    }

    private UInt128 Key(ReadOnlySpan<byte> request)
    {
        UInt128 sum = 0;
        foreach (var label in labels.Labels)
        {
            var name = XxHash128.HashToUInt128(request.Slice(label.Name, label.NameLength));
            sum += XxHash128.HashToUInt128(request.Slice(label.Value, label.ValueLength), (long)(ulong)name);
        }

        return sum;
    }
}
