namespace Phoenix.Telemetry;

/// <summary>
/// The output streams of a reducer, kept under the resource, scope and metric they belong to, so that equal resources are
/// written once.
/// </summary>
internal sealed class FoldOutputs
{
    private const int PieceBytes = 1 << 20;

    // A counter that was born with its first sample began just before it: a start equal to the point's time would be unknown.
    private const ulong JustBefore = 1_000_000;

    private readonly Slab<FoldOutput> outputs = new();
    private readonly IdentityTable rests = new();
    private readonly Dictionary<UInt128, OutputResource> resources = [];
    private readonly Dictionary<UInt128, OutputScope> scopes = [];
    private readonly Dictionary<UInt128, OutputMetric> metrics = [];
    private readonly ProtoBuffer scratch = new();
    private readonly ProtoBuffer batch = new();
    private readonly LabelRewrite rewrite;
    private bool retired;

    public FoldOutputs(LabelRewrite rewrite) => this.rewrite = rewrite;

    public ref FoldOutput this[int number] => ref outputs[number];

    public int Count => outputs.InUse;

    /// <summary>The rest that a stream belongs to, made where it is not there yet.</summary>
    public int Rest(scoped in BatchReader reader, UInt128 key, in MetricPlan plan, ulong time)
    {
        var number = rests.Find(key);
        if (number >= 0)
            return number;
        number = Create(reader, plan, time - JustBefore, toRest: true);
        outputs[number].Key = key;
        rests.Add(key, number);
        return number;
    }

    /// <param name="time">Time of the point that makes it.</param>
    /// <param name="since">Time of the last point whose increments went elsewhere; 0 for a new stream.</param>
    public int Kept(scoped in BatchReader reader, in MetricPlan plan, ulong time, ulong since) =>
        Create(reader, plan, since == 0 ? time - JustBefore : since + 1, toRest: false);

    /// <summary>No more input: what is not yet emitted still is, then the output is freed.</summary>
    public void Retire(int number)
    {
        outputs[number].Retired = true;
        retired = true;
    }

    /// <summary>Writes every output that changed since the last flush, in batches of about 1 MB.</summary>
    /// <returns>Points written.</returns>
    public long Emit(IBatchSink sink)
    {
        long points = 0;
        batch.Clear();
        foreach (var resource in resources.Values)
        {
            var resourceMark = -1;
            foreach (var scope in resource.Scopes)
            {
                var scopeMark = -1;
                foreach (var metric in scope.Metrics)
                {
                    points += EmitMetric(resource, scope, metric, ref resourceMark, ref scopeMark);
                    if (batch.Length < PieceBytes)
                        continue;
                    Close(ref scopeMark);
                    Close(ref resourceMark);
                    sink.Write(batch.Span);
                    batch.Clear();
                }

                Close(ref scopeMark);
            }

            Close(ref resourceMark);
        }

        if (batch.Length > 0)
            sink.Write(batch.Span);
        if (retired)
            FreeRetired();
        return points;
    }

    private long EmitMetric(OutputResource resource, OutputScope scope, OutputMetric metric, ref int resourceMark, ref int scopeMark)
    {
        int metricMark = -1, dataMark = -1;
        long points = 0;
        foreach (var number in metric.Outputs)
        {
            ref var output = ref outputs[number];
            if (!FoldPoint.IsDue(metric, ref output))
                continue;
            if (metricMark < 0)
            {
                if (resourceMark < 0)
                {
                    resourceMark = batch.Begin(1);
                    batch.Append(resource.Raw);
                }

                if (scopeMark < 0)
                {
                    scopeMark = batch.Begin(2);
                    batch.Append(scope.Raw);
                }

                metricMark = batch.Begin(2);
                batch.Append(metric.Raw);
                dataMark = batch.Begin((int)metric.Type);
                batch.Append(metric.DataRaw);
            }

            FoldPoint.Write(batch, metric, ref output);
            points++;
        }

        Close(ref dataMark);
        Close(ref metricMark);
        return points;
    }

    private void Close(ref int mark)
    {
        if (mark >= 0)
            batch.End(mark);
        mark = -1;
    }

    private int Create(scoped in BatchReader reader, in MetricPlan plan, ulong start, bool toRest)
    {
        var metric = MetricOf(reader, plan, toRest);
        scratch.Clear();
        rewrite.WritePoint(scratch, reader, toRest);
        var number = outputs.Take();
        ref var output = ref outputs[number];
        output.Metric = metric;
        output.Attributes = scratch.Span.ToArray();
        output.Start = start;
        metric.Outputs.Add(number);
        return number;
    }

    private OutputMetric MetricOf(scoped in BatchReader reader, in MetricPlan plan, bool toRest)
    {
        scratch.Clear();
        rewrite.WriteResource(scratch, reader, toRest);
        var resourceKey = Identity.OfBytes(scratch.Span);
        if (!resources.TryGetValue(resourceKey, out var resource))
            resources.Add(resourceKey, resource = new OutputResource(resourceKey, scratch.Span.ToArray()));

        scratch.Clear();
        CopyAllBut(2, reader.ScopeMetrics);
        var scopeKey = resourceKey * 3 + Identity.OfBytes(scratch.Span);
        if (!scopes.TryGetValue(scopeKey, out var scope))
        {
            scopes.Add(scopeKey, scope = new OutputScope(scopeKey, scratch.Span.ToArray()));
            resource.Scopes.Add(scope);
        }

        // A description or metadata that differs between senders does not make another metric: the first one stays.
        var metricKey = scopeKey * 3 + plan.Identity;
        if (metrics.TryGetValue(metricKey, out var metric))
            return metric;
        scratch.Clear();
        CopyAllBut((int)reader.Type, reader.Metric);
        var raw = scratch.Span.ToArray();
        scratch.Clear();
        CopyAllBut(1, reader.Data);
        metric = new OutputMetric(metricKey, reader.Type, plan.Kind, plan.Fold, raw, scratch.Span.ToArray());
        metrics.Add(metricKey, metric);
        scope.Metrics.Add(metric);
        return metric;
    }

    private void CopyAllBut(int field, ReadOnlySpan<byte> message)
    {
        var cursor = new ProtoCursor(message, 0);
        while (cursor.Next())
        {
            if (cursor.Field != field)
                scratch.Append(cursor.Raw);
        }
    }

    private void FreeRetired()
    {
        retired = false;
        foreach (var resource in resources.Values)
        {
            foreach (var scope in resource.Scopes)
            {
                foreach (var metric in scope.Metrics)
                    FreeRetired(metric);
                scope.Metrics.RemoveAll(metric => metric.Outputs.Count == 0 && metrics.Remove(metric.Key));
            }

            resource.Scopes.RemoveAll(scope => scope.Metrics.Count == 0 && scopes.Remove(scope.Key));
            if (resource.Scopes.Count == 0)
                resources.Remove(resource.Key);
        }
    }

    private void FreeRetired(OutputMetric metric)
    {
        for (var i = metric.Outputs.Count - 1; i >= 0; i--)
        {
            var number = metric.Outputs[i];
            ref var output = ref outputs[number];
            if (!output.Retired)
                continue;
            if (output.Ends)
            {
                retired = true;
                continue;
            }

            if (output.Key != 0)
                rests.Remove(output.Key);
            metric.Outputs[i] = metric.Outputs[^1];
            metric.Outputs.RemoveAt(metric.Outputs.Count - 1);
            outputs.Free(number);
        }
    }
}
