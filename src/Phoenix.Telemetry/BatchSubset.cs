namespace Phoenix.Telemetry;

/// <summary>
/// Writes chosen metrics and points of a batch that is being read, byte for byte with all that surrounds them: resource,
/// scope, schema URLs and fields that are unknown here.
/// </summary>
internal sealed class BatchSubset
{
    private readonly ProtoBuffer buffer = new();
    private int resource = -1, scope = -1, metric = -1, data = -1;

    public bool IsEmpty => buffer.Length == 0;

    public ReadOnlySpan<byte> Span => buffer.Span;

    public void Clear()
    {
        buffer.Clear();
        resource = scope = metric = data = -1;
    }

    public void AddMetric(scoped in BatchReader reader)
    {
        OpenScope(reader);
        buffer.Append(reader.RawMetric);
    }

    public void AddPoint(scoped in BatchReader reader)
    {
        OpenScope(reader);
        if (metric < 0)
        {
            metric = buffer.Begin(2);
            CopyAllBut((int)reader.Type, reader.Metric);
            data = buffer.Begin((int)reader.Type);
            CopyAllBut(1, reader.Data);
        }

        buffer.Append(reader.RawPoint);
    }

    public void EndMetric()
    {
        if (metric < 0)
            return;
        buffer.End(data);
        buffer.End(metric);
        metric = data = -1;
    }

    public void EndScope()
    {
        if (scope >= 0)
            buffer.End(scope);
        scope = -1;
    }

    public void EndResource()
    {
        if (resource >= 0)
            buffer.End(resource);
        resource = -1;
    }

    private void OpenScope(scoped in BatchReader reader)
    {
        if (resource < 0)
        {
            resource = buffer.Begin(1);
            CopyAllBut(2, reader.ResourceMetrics);
        }

        if (scope < 0)
        {
            scope = buffer.Begin(2);
            CopyAllBut(2, reader.ScopeMetrics);
        }
    }

    private void CopyAllBut(int field, ReadOnlySpan<byte> message)
    {
        var cursor = new ProtoCursor(message, 0);
        while (cursor.Next())
        {
            if (cursor.Field != field)
                buffer.Append(cursor.Raw);
        }
    }
}
