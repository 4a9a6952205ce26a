using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Decodes OTLP batches, one after the other, into tables of resources, scopes, metrics and points with their identities, so
/// that the meter and every processor of one input share one parse. The tables are outside the managed heap and are used
/// again: once they have grown to the size of the batches nothing is allocated. Not thread-safe.
/// </summary>
/// <remarks>
/// It accepts and refuses exactly what <see cref="OtlpReader.ReadWhole"/> does. A point costs 64 bytes of tables while its
/// batch is the current one.
/// </remarks>
public sealed class BatchDecoder
{
    private readonly NativeList<DecodedResource> resources = new();
    private readonly NativeList<DecodedScope> scopes = new();
    private readonly NativeList<DecodedMetric> metrics = new();
    private readonly NativeList<DecodedPoint> points = new();
    private readonly PointDecoder pointDecoder = new();

    internal Span<DecodedResource> Resources => resources.Span;

    internal Span<DecodedScope> Scopes => scopes.Span;

    internal Span<DecodedMetric> Metrics => metrics.Span;

    internal Span<DecodedPoint> Points => points.Span;

    /// <summary>Reads a batch whole. The result is valid until the next call and while the bytes are.</summary>
    /// <exception cref="OtlpFormatException">The batch is malformed; nothing of it is decoded.</exception>
    public DecodedBatch Decode(ReadOnlySpan<byte> batch)
    {
        Clear();
        try
        {
            DecodeResources(batch);
        }
        catch (OtlpFormatException)
        {
            Clear();
            throw;
        }

        return new DecodedBatch(batch, this);
    }

    /// <summary>Memory of the tables, which are as large as the largest batch so far made them.</summary>
    public long TableBytes => resources.AllocatedBytes + scopes.AllocatedBytes + metrics.AllocatedBytes + points.AllocatedBytes;

    /// <summary>The batch that <see cref="Decode"/> read last, for whoever holds its bytes now; they may lie elsewhere.</summary>
    public DecodedBatch Decoded(ReadOnlySpan<byte> batch) => new(batch, this);

    /// <summary>Frees the tables before the decoder itself goes.</summary>
    public void FreeTables()
    {
        resources.Release();
        scopes.Release();
        metrics.Release();
        points.Release();
    }

    private void Clear()
    {
        resources.Clear();
        scopes.Clear();
        metrics.Clear();
        points.Clear();
    }

    private void DecodeResources(ReadOnlySpan<byte> batch)
    {
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            Attributes.Check(reader.Resource, Attributes.OfResource, RangeOf(batch, reader.Resource).At, Attributes.EntitiesOfResource);
            ref var resource = ref resources.Add();
            resource.Identity = Identity.OfResource(reader.Resource);
            resource.Whole = RangeOf(batch, reader.ResourceMetrics);
            resource.Resource = RangeOf(batch, reader.Resource);
            resource.FirstScope = scopes.Count;
            while (reader.NextScope())
                DecodeScope(batch, ref reader, resource.Identity);
            resource.EndOfScopes = scopes.Count;
        }
    }

    private void DecodeScope(ReadOnlySpan<byte> batch, ref OtlpReader reader, UInt128 resource)
    {
        Attributes.Check(reader.Scope, Attributes.OfScope, RangeOf(batch, reader.Scope).At);
        ref var scope = ref scopes.Add();
        scope.Around = resource + Identity.OfScope(reader.Scope);
        scope.Whole = RangeOf(batch, reader.ScopeMetrics);
        scope.Scope = RangeOf(batch, reader.Scope);
        scope.FirstMetric = metrics.Count;
        while (reader.NextMetric())
        {
            ref var metric = ref metrics.Add();
            metric.Identity = Identity.OfMetric(reader.MetricName, reader.MetricUnit, reader.Type, reader.Temporality, reader.Monotonic);
            metric.Raw = RangeOf(batch, reader.RawMetric);
            metric.Whole = RangeOf(batch, reader.Metric);
            metric.Name = RangeOf(batch, reader.MetricName);
            metric.Unit = RangeOf(batch, reader.MetricUnit);
            metric.Data = RangeOf(batch, reader.Data);
            (metric.Type, metric.Temporality, metric.Monotonic) = (reader.Type, reader.Temporality, reader.Monotonic);
            metric.FirstPoint = points.Count;
            if (metric.Type != MetricType.None)
                pointDecoder.Decode(batch, metric, scope.Around + metric.Identity, points);
            metric.EndOfPoints = points.Count;
        }

        scope.EndOfMetrics = metrics.Count;
    }

    internal static ByteRange RangeOf(ReadOnlySpan<byte> batch, ReadOnlySpan<byte> part) => part.IsEmpty
        ? default
        : new ByteRange((int)Unsafe.ByteOffset(in batch[0], in part[0]), part.Length);
}
