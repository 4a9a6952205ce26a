namespace Phoenix.Telemetry;

/// <summary>
/// Reads an OTLP <c>ExportMetricsServiceRequest</c> in place: resources, their scopes, their metrics, their points, each
/// level by its own <c>Next</c>. Unknown fields are skipped. Nothing is copied or allocated; spans point into the batch.
/// Fields that occur once must occur once: merging repeated messages, as protobuf allows, is not done by any exporter.
/// </summary>
/// <remarks>opentelemetry-proto 1.x, <c>metrics/v1/metrics.proto</c>.</remarks>
public ref struct OtlpReader(ReadOnlySpan<byte> batch)
{
    [ThreadStatic]
    private static BatchDecoder? validator;

    private ProtoCursor resources = new(batch, 0);
    private ProtoCursor scopes;
    private ProtoCursor metrics;
    private ProtoCursor points;

    /// <summary>Content of the current <c>ResourceMetrics</c>.</summary>
    public ReadOnlySpan<byte> ResourceMetrics { get; private set; }

    /// <summary>Content of its <c>Resource</c>; empty where there is none.</summary>
    public ReadOnlySpan<byte> Resource { get; private set; }

    /// <summary>Content of the current <c>ScopeMetrics</c>.</summary>
    public ReadOnlySpan<byte> ScopeMetrics { get; private set; }

    /// <summary>Content of its <c>InstrumentationScope</c>; empty where there is none.</summary>
    public ReadOnlySpan<byte> Scope { get; private set; }

    /// <summary>Content of the current <c>Metric</c>.</summary>
    public ReadOnlySpan<byte> Metric { get; private set; }

    /// <summary>The current metric with its tag, as it stands in its <c>ScopeMetrics</c>.</summary>
    public ReadOnlySpan<byte> RawMetric { get; private set; }

    public ReadOnlySpan<byte> MetricName { get; private set; }

    public ReadOnlySpan<byte> MetricUnit { get; private set; }

    public MetricType Type { get; private set; }

    public Temporality Temporality { get; private set; }

    public bool Monotonic { get; private set; }

    /// <summary>Content of the metric's <c>Gauge</c>, <c>Sum</c>, … .</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Content of the current data point.</summary>
    public ReadOnlySpan<byte> Point { get; private set; }

    /// <summary>The current data point with its tag.</summary>
    public ReadOnlySpan<byte> RawPoint { get; private set; }

    internal int PointOrigin { get; private set; }

    /// <summary>
    /// Reads everything once, as a <see cref="BatchDecoder"/> does: field by field it would take five times as long. What it
    /// accepts no reader of this library refuses.
    /// </summary>
    /// <returns>Data points in the batch.</returns>
    /// <exception cref="OtlpFormatException">The batch is malformed.</exception>
    public static int Validate(ReadOnlySpan<byte> batch)
    {
        // A decoder for each thread that validates; one that has grown with a huge batch is not kept.
        const int KeptPoints = 1 << 16;
        var decoder = validator ?? new BatchDecoder();
        validator = null;
        var points = decoder.Decode(batch).PointCount;
        validator = points <= KeptPoints ? decoder : null;
        return points;
    }

    /// <summary>Reads everything once, field by field.</summary>
    /// <returns>Data points in the batch.</returns>
    /// <exception cref="OtlpFormatException">The batch is malformed; the message names what and where.</exception>
    internal static int ReadWhole(ReadOnlySpan<byte> batch)
    {
        var reader = new OtlpReader(batch);
        var count = 0;
        while (reader.NextResource())
        {
            Attributes.Check(reader.Resource, Attributes.OfResource, BatchDecoder.RangeOf(batch, reader.Resource).At, Attributes.EntitiesOfResource);
            while (reader.NextScope())
            {
                Attributes.Check(reader.Scope, Attributes.OfScope, BatchDecoder.RangeOf(batch, reader.Scope).At);
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        _ = reader.ReadPoint();
                        PointContent.CheckAll(reader.Point, reader.Type, reader.PointOrigin);
                        Attributes.Check(reader.Point, Attributes.FieldOf(reader.Type), reader.PointOrigin);
                        count++;
                    }
                }
            }
        }

        return count;
    }

    public bool NextResource()
    {
        while (resources.Next())
        {
            if (resources.Field != 1)
                continue;
            resources.Expect(WireType.Bytes, "ResourceMetrics");
            ResourceMetrics = resources.Content;
            Resource = Single(ResourceMetrics, resources.ContentOrigin, 1, "Resource");
            scopes = new ProtoCursor(ResourceMetrics, resources.ContentOrigin);
            return true;
        }

        return false;
    }

    public bool NextScope()
    {
        while (scopes.Next())
        {
            if (scopes.Field != 2)
                continue;
            scopes.Expect(WireType.Bytes, "ScopeMetrics");
            ScopeMetrics = scopes.Content;
            Scope = Single(ScopeMetrics, scopes.ContentOrigin, 1, "InstrumentationScope");
            metrics = new ProtoCursor(ScopeMetrics, scopes.ContentOrigin);
            return true;
        }

        return false;
    }

    public bool NextMetric()
    {
        while (metrics.Next())
        {
            if (metrics.Field != 2)
                continue;
            metrics.Expect(WireType.Bytes, "Metric");
            Metric = metrics.Content;
            RawMetric = metrics.Raw;
            ReadMetric(metrics.ContentOrigin);
            return true;
        }

        return false;
    }

    public bool NextPoint()
    {
        if (Type == MetricType.None)
            return false;
        while (points.Next())
        {
            if (points.Field != 1)
                continue;
            points.Expect(WireType.Bytes, "data point");
            Point = points.Content;
            RawPoint = points.Raw;
            PointOrigin = points.ContentOrigin;
            return true;
        }

        return false;
    }

    /// <summary>Reads the current data point's fields, all but its attributes.</summary>
    public readonly PointFields ReadPoint() => PointFields.Read(Point, Type, PointOrigin);

    private void ReadMetric(int origin)
    {
        MetricName = default;
        MetricUnit = default;
        Data = default;
        Type = MetricType.None;
        var dataOrigin = 0;
        var cursor = new ProtoCursor(Metric, origin);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    cursor.Expect(WireType.Bytes, "metric name");
                    MetricName = cursor.Content;
                    break;
                case 3:
                    cursor.Expect(WireType.Bytes, "metric unit");
                    MetricUnit = cursor.Content;
                    break;
                case 12:
                    cursor.Expect(WireType.Bytes, "metric metadata");
                    Attributes.CheckPair(cursor.Content, cursor.ContentOrigin, out _, out _);
                    break;
                case 5 or 7 or 9 or 10 or 11:
                    cursor.Expect(WireType.Bytes, "metric data");
                    if (Type != MetricType.None)
                        throw new OtlpFormatException("a second data message in one metric", cursor.ContentOrigin);
                    Type = (MetricType)cursor.Field;
                    Data = cursor.Content;
                    dataOrigin = cursor.ContentOrigin;
                    break;
            }
        }

        // Temporality and monotonicity follow the points on the wire, but say what the points mean: read them first.
        Temporality = Temporality.Unspecified;
        Monotonic = false;
        var fields = new ProtoCursor(Data, dataOrigin);
        while (Type is MetricType.Sum or MetricType.Histogram or MetricType.ExponentialHistogram && fields.Next())
        {
            if (fields.Field == 2)
            {
                fields.Expect(WireType.Varint, "temporality");
                Temporality = fields.Scalar <= 2 ? (Temporality)fields.Scalar : Temporality.Unspecified;
            }
            else if (fields.Field == 3 && Type == MetricType.Sum)
            {
                fields.Expect(WireType.Varint, "is_monotonic");
                Monotonic = fields.Scalar != 0;
            }
        }

        points = new ProtoCursor(Data, dataOrigin);
    }

    private static ReadOnlySpan<byte> Single(ReadOnlySpan<byte> message, int origin, int field, string what)
    {
        var found = ReadOnlySpan<byte>.Empty;
        var seen = false;
        var cursor = new ProtoCursor(message, origin);
        while (cursor.Next())
        {
            if (cursor.Field != field)
                continue;
            cursor.Expect(WireType.Bytes, what);
            if (seen)
                throw new OtlpFormatException($"a second {what}", cursor.ContentOrigin);
            seen = true;
            found = cursor.Content;
        }

        return found;
    }
}
