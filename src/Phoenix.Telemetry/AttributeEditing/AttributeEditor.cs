using System.Text;

namespace Phoenix.Telemetry;

/// <summary>What an <see cref="AttributeEditor"/> changes.</summary>
public sealed record AttributeEditorOptions
{
    /// <summary>Component id from the configuration.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<AttributeAction> Actions { get; init; }

    /// <summary>Whether attributes of the resource are meant, or of the data points.</summary>
    public bool OfResource { get; init; }

    /// <summary>Whether a metric's points are meant; null for every metric. Asked once a name.</summary>
    public Func<string, bool>? Selects { get; init; }

    /// <summary>Output streams whose writer is watched.</summary>
    public int MaxStreams { get; init; } = 1_000_000;
}

/// <summary>
/// <c>resource</c> and <c>attributes</c>: changes attributes in the bytes of a batch. What no action touches is copied as it
/// is; a batch in which nothing changes goes on untouched.
/// </summary>
/// <remarks>
/// An edit can make two streams one, which no backend can tell apart again: their counters would jump between each other.
/// Only one of them is written then; the points of the others are dropped and counted under <c>collision</c>, and the ledger
/// shows what they were. To fold streams into one truly is the work of a reducer.
/// </remarks>
public sealed class AttributeEditor : IMetricProcessor
{
    private const int RememberedNames = 100_000;

    private readonly AttributeEditorOptions options;
    private readonly AttributeStep[] steps;
    private readonly string collisionRule;
    private readonly StreamOwners owners;
    private readonly Dictionary<UInt128, UInt128> resources = [];
    private readonly HashSet<UInt128> sharedResources = [];
    private readonly Dictionary<UInt128, bool> selected = [];
    private readonly AttributeList list = new();
    private readonly ProtoBuffer resource = new();
    private readonly ProtoBuffer edited = new();
    private long collisions;

    public AttributeEditor(AttributeEditorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        steps = [.. options.Actions.Select(action => new AttributeStep(action))];
        collisionRule = $"{options.Name}: collision";
        owners = new StreamOwners(options.MaxStreams);
        Folds = [new FoldRule(new MetricSelector(["*"]), [.. options.Actions.SelectMany(a => a.Touched).Distinct(StringComparer.Ordinal)])];
    }

    public string Name => options.Name;

    /// <summary>Every attribute that an action may change: groups are compared without them.</summary>
    public IReadOnlyList<FoldRule> Folds { get; }

    public IReadOnlyList<DroppedPoints> Dropped => [new DroppedPoints(collisionRule, collisions)];

    public ProcessorCounters Counters { get; } = new();

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        edited.Clear();
        var changed = false;
        var reader = batch.Read();
        while (reader.NextResource())
            changed |= Resource(ref reader, unixNanos);
        if (!changed)
            output.Write(batch);
        else if (edited.Length > 0)
            output.Write(edited.Span);
    }

    /// <summary>Holds nothing back; forgets who no longer writes.</summary>
    public void Flush(long unixNanos, IBatchSink output) => owners.Sweep(unixNanos);

    private bool Resource(ref BatchReader reader, long unixNanos)
    {
        var (changed, watched, shift) = (false, !options.OfResource, (UInt128)0);
        if (options.OfResource)
            (changed, watched, shift) = EditResource(reader);
        var start = edited.Length;
        var whole = edited.Begin(1);
        CopyAllBut(reader.ResourceMetrics, 1, 2);
        if (changed)
            edited.Bytes(1, resource.Span);
        else if (reader.Resource.Length > 0)
            edited.Bytes(1, reader.Resource);
        var metricBytes = 0;
        while (reader.NextScope())
        {
            var scope = edited.Begin(2);
            CopyAllBut(reader.ScopeMetrics, 2, 2);
            var metrics = edited.Length;
            while (reader.NextMetric())
                changed |= Metric(ref reader, shift, watched, unixNanos);
            metricBytes += edited.Length - metrics;
            edited.End(scope);
        }

        edited.End(whole);
        // Where every point collided, a resource without metrics would say nothing.
        if (changed && metricBytes == 0)
            edited.Truncate(start);
        return changed;
    }

    /// <returns>Whether it changed, whether its streams must be watched, and what the change adds to their identity.</returns>
    private (bool Changed, bool Watched, UInt128 Shift) EditResource(scoped in BatchReader reader)
    {
        list.Read(reader.Resource, Attributes.OfResource);
        foreach (var step in steps)
            list.Apply(step);
        var before = reader.ResourceIdentity;
        var after = list.Changed ? list.Identity(ofResource: true) : before;
        // Only where two resources became one can their streams collide.
        if (resources.TryGetValue(after, out var first) ? first != before : !resources.TryAdd(after, before))
            sharedResources.Add(after);
        if (list.Changed)
        {
            resource.Clear();
            list.Write(reader.Resource, Attributes.OfResource, resource);
        }

        return (list.Changed, sharedResources.Contains(after), after - before);
    }

    private bool Metric(ref BatchReader reader, UInt128 shift, bool watched, long unixNanos)
    {
        var edits = !options.OfResource && Selects(reader);
        if (reader.Type == MetricType.None || (!edits && !watched))
        {
            edited.Append(reader.RawMetric);
            Counters.PointsIn += reader.PointCount;
            Counters.PointsOut += reader.PointCount;
            return false;
        }

        var from = edited.Length;
        var metric = edited.Begin(2);
        CopyAllBut(reader.Metric, (int)reader.Type, (int)reader.Type);
        var data = edited.Begin((int)reader.Type);
        CopyAllBut(reader.Data, 1, 1);
        var (changed, written) = (false, 0);
        while (reader.NextPoint())
        {
            Counters.PointsIn++;
            var identity = reader.StreamIdentity + shift;
            var isEdited = edits && Edit(reader, ref identity);
            if (watched && !owners.MayWrite(identity, reader.StreamIdentity, unixNanos))
            {
                collisions++;
                changed = true;
                continue;
            }

            changed |= isEdited;
            written++;
            if (isEdited)
                WritePoint(reader);
            else
                edited.Append(reader.RawPoint);
        }

        Counters.PointsOut += written;
        edited.End(data);
        edited.End(metric);
        if (written == 0 && changed)
            edited.Truncate(from);
        return changed;
    }

    private bool Edit(scoped in BatchReader reader, ref UInt128 identity)
    {
        var field = Attributes.FieldOf(reader.Type);
        list.Read(reader.Point, field);
        var before = list.Identity(ofResource: false);
        foreach (var step in steps)
            list.Apply(step);
        if (!list.Changed)
            return false;
        identity = identity - before + list.Identity(ofResource: false);
        return true;
    }

    private void WritePoint(scoped in BatchReader reader)
    {
        var point = edited.Begin(1);
        list.Write(reader.Point, Attributes.FieldOf(reader.Type), edited);
        edited.End(point);
    }

    private bool Selects(scoped in BatchReader reader)
    {
        if (options.Selects is not { } selects)
            return true;
        var key = Identity.OfBytes(reader.MetricName);
        if (selected.TryGetValue(key, out var answer))
            return answer;
        if (selected.Count >= RememberedNames)
            selected.Clear();
        return selected[key] = selects(Encoding.UTF8.GetString(reader.MetricName));
    }

    private void CopyAllBut(ReadOnlySpan<byte> message, int one, int other)
    {
        var cursor = new ProtoCursor(message, 0);
        while (cursor.Next())
        {
            if (cursor.Field != one && cursor.Field != other)
                edited.Append(cursor.Raw);
        }
    }
}
