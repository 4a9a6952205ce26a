namespace Phoenix.Telemetry;

/// <summary>
/// Walks a decoded batch: resources, their scopes, their metrics, their points, each level by its own <c>Next</c>. Spans point
/// into the batch.
/// </summary>
public ref struct BatchReader
{
    private readonly ReadOnlySpan<byte> batch;
    private readonly ReadOnlySpan<DecodedResource> resources;
    private readonly ReadOnlySpan<DecodedScope> scopes;
    private readonly ReadOnlySpan<DecodedMetric> metrics;
    private readonly ReadOnlySpan<DecodedPoint> points;
    private int resource = -1, scope, metric, point;
    private int nextScope, nextMetric, nextPoint;

    internal BatchReader(ReadOnlySpan<byte> batch, BatchDecoder decoder)
    {
        this.batch = batch;
        resources = decoder.Resources;
        scopes = decoder.Scopes;
        metrics = decoder.Metrics;
        points = decoder.Points;
    }

    /// <inheritdoc cref="OtlpReader.ResourceMetrics"/>
    public readonly ReadOnlySpan<byte> ResourceMetrics => resources[resource].Whole.Of(batch);

    /// <inheritdoc cref="OtlpReader.Resource"/>
    public readonly ReadOnlySpan<byte> Resource => resources[resource].Resource.Of(batch);

    /// <inheritdoc cref="OtlpReader.ScopeMetrics"/>
    public readonly ReadOnlySpan<byte> ScopeMetrics => scopes[scope].Whole.Of(batch);

    /// <inheritdoc cref="OtlpReader.Scope"/>
    public readonly ReadOnlySpan<byte> Scope => scopes[scope].Scope.Of(batch);

    /// <inheritdoc cref="OtlpReader.Metric"/>
    public readonly ReadOnlySpan<byte> Metric => metrics[metric].Whole.Of(batch);

    /// <inheritdoc cref="OtlpReader.RawMetric"/>
    public readonly ReadOnlySpan<byte> RawMetric => metrics[metric].Raw.Of(batch);

    public readonly ReadOnlySpan<byte> MetricName => metrics[metric].Name.Of(batch);

    public readonly ReadOnlySpan<byte> MetricUnit => metrics[metric].Unit.Of(batch);

    public readonly MetricType Type => metrics[metric].Type;

    public readonly Temporality Temporality => metrics[metric].Temporality;

    public readonly bool Monotonic => metrics[metric].Monotonic;

    /// <inheritdoc cref="OtlpReader.Data"/>
    public readonly ReadOnlySpan<byte> Data => metrics[metric].Data.Of(batch);

    /// <inheritdoc cref="OtlpReader.Point"/>
    public readonly ReadOnlySpan<byte> Point => batch.Slice(points[point].At, points[point].Length);

    /// <inheritdoc cref="OtlpReader.RawPoint"/>
    public readonly ReadOnlySpan<byte> RawPoint => batch[points[point].RawAt..(points[point].At + points[point].Length)];

    /// <summary>Identity of the current resource.</summary>
    public readonly UInt128 ResourceIdentity => resources[resource].Identity;

    /// <summary>Identity of the current metric: name, unit, type, temporality, monotonicity.</summary>
    public readonly UInt128 MetricIdentity => metrics[metric].Identity;

    /// <summary>Identity of the stream that the current point belongs to.</summary>
    public readonly UInt128 StreamIdentity => points[point].Identity;

    /// <summary>Points of the current metric.</summary>
    public readonly int PointCount => metrics[metric].EndOfPoints - metrics[metric].FirstPoint;

    /// <summary>The current metric's points.</summary>
    internal readonly ReadOnlySpan<DecodedPoint> Points => points[metrics[metric].FirstPoint..metrics[metric].EndOfPoints];

    /// <summary>The current point.</summary>
    internal readonly ref readonly DecodedPoint Decoded => ref points[point];

    public bool NextResource()
    {
        if (++resource >= resources.Length)
            return false;
        nextScope = resources[resource].FirstScope;
        return true;
    }

    public bool NextScope()
    {
        if (nextScope >= resources[resource].EndOfScopes)
            return false;
        scope = nextScope++;
        nextMetric = scopes[scope].FirstMetric;
        return true;
    }

    public bool NextMetric()
    {
        if (nextMetric >= scopes[scope].EndOfMetrics)
            return false;
        metric = nextMetric++;
        nextPoint = metrics[metric].FirstPoint;
        return true;
    }

    public bool NextPoint()
    {
        if (nextPoint >= metrics[metric].EndOfPoints)
            return false;
        point = nextPoint++;
        return true;
    }

    /// <summary>Reads the current data point's fields, all but its attributes.</summary>
    public readonly PointFields ReadPoint() => PointFields.Read(Point, Type, points[point].At);

    /// <summary>Makes a point of the current metric the current one.</summary>
    /// <param name="index">Its place among the metric's points.</param>
    internal void MoveTo(int index) => point = metrics[metric].FirstPoint + index;
}
