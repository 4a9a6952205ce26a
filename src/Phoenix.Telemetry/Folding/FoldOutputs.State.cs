namespace Phoenix.Telemetry;

/// <summary>Outputs as they are kept on disk: the tables under their numbers, and what lies outside of them.</summary>
internal sealed unsafe partial class FoldOutputs
{
    /// <summary>What becomes of a metric that is known by what stands around its points alone.</summary>
    /// <param name="batch">An OTLP request of the one metric, without points.</param>
    public delegate FoldPlan PlanOf(ReadOnlySpan<byte> batch);

    public void Save(StateWriter state)
    {
        outputs.Save(state);
        groups.Save(state);
        retired.Save(state);
        Levels.Save(state);
        Explicit.Save(state);
        Exponential.Save(state);
        for (var i = 0; i < outputs.End; i++)
        {
            ref var output = ref outputs[i];
            if (!output.Has(OutputFlags.InUse))
                continue;
            scratch.Clear();
            attributes.Write(scratch, output.Attributes);
            state.Bytes(scratch.Span);
        }

        state.Value(metricNumbers.Count);
        state.Items<int>([.. freeMetrics.Reverse()]);
        state.Value(resources.Count);
        foreach (var resource in resources.Values)
        {
            state.Value(resource.Key);
            state.Bytes(resource.Raw);
            state.Value(resource.Scopes.Count);
            foreach (var scope in resource.Scopes)
            {
                state.Value(scope.Key);
                state.Bytes(scope.Raw);
                state.Value(scope.Metrics.Count);
                foreach (var metric in scope.Metrics)
                    Save(state, metric);
            }
        }
    }

    /// <summary>Takes on what was saved. Only while there is no output.</summary>
    public void Restore(StateReader state, PlanOf planOf)
    {
        outputs.Restore(state);
        groups.Restore(state);
        retired.Restore(state);
        Levels.Restore(state);
        Explicit.Restore(state);
        Exponential.Restore(state);
        for (var i = 0; i < groups.End; i++)
        {
            if (groups[i].Outputs > 0)
                groupIndex.Add(i);
        }

        for (var i = 0; i < outputs.End; i++)
        {
            ref var output = ref outputs[i];
            if (!output.Has(OutputFlags.InUse))
                continue;
            if (!output.Has(OutputFlags.Replaced))
                outputIndex.Add(i);
            output.Attributes = attributes.Add(state.Bytes());
        }

        for (var left = state.Count(0); left > 0; left--)
            metricNumbers.Add(null);
        foreach (var number in state.Items<int>())
            freeMetrics.Push(number);
        for (var left = state.Count(sizeof(UInt128)); left > 0; left--)
        {
            var resource = new OutputResource(state.Value<UInt128>(), state.Bytes());
            resources.Add(resource.Key, resource);
            for (var ofResource = state.Count(sizeof(UInt128)); ofResource > 0; ofResource--)
            {
                var scope = new OutputScope(state.Value<UInt128>(), resource, state.Bytes());
                scopes.Add(scope.Key, scope);
                resource.Scopes.Add(scope);
                for (var ofScope = state.Count(sizeof(UInt128)); ofScope > 0; ofScope--)
                    RestoreMetric(state, scope, planOf);
            }
        }
    }

    private static void Save(StateWriter state, OutputMetric metric)
    {
        state.Value(metric.Key);
        state.Value(metric.Number);
        state.Value((int)metric.Type);
        state.Value(metric.Plan.Identity);
        state.Value(metric.First);
        state.Value(metric.Last);
        state.Bytes(metric.Raw);
        state.Bytes(metric.DataRaw);
    }

    private void RestoreMetric(StateReader state, OutputScope scope, PlanOf planOf)
    {
        var (key, number, type) = (state.Value<UInt128>(), state.Value<int>(), (MetricType)state.Value<int>());
        var (identity, first, last) = (state.Value<UInt128>(), state.Value<int>(), state.Value<int>());
        var (raw, dataRaw) = (state.Bytes(), state.Bytes());
        scratch.Clear();
        var ofResource = scratch.Begin(1);
        scratch.Append(scope.Resource.Raw);
        var ofScope = scratch.Begin(2);
        scratch.Append(scope.Raw);
        var ofMetric = scratch.Begin(2);
        scratch.Append(raw);
        scratch.Bytes((int)type, dataRaw);
        scratch.End(ofMetric);
        scratch.End(ofScope);
        scratch.End(ofResource);
        var plan = planOf(scratch.Span);
        if (plan.Pass is not null || plan.Identity != identity)
            throw new StateFormatException("it has outputs of a metric that is not folded");
        var metric = new OutputMetric(key, number, scope, type, plan, raw, dataRaw) { First = first, Last = last };
        metricNumbers[number] = metric;
        metrics.Add(key, metric);
        scope.Metrics.Add(metric);
    }
}
