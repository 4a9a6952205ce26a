using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Phoenix.Telemetry;

/// <summary>
/// The output streams of a reducer, kept under the resource, scope and metric they belong to, so that equal resources are
/// written once.
/// </summary>
internal sealed unsafe partial class FoldOutputs
{
    // A counter that was born with its first sample began just before it: a start equal to the point's time would be unknown.
    private const ulong JustBefore = 1_000_000;

    private readonly NativeSlab<FoldOutput> outputs = new();
    private readonly NativeSlab<FoldGroup> groups = new();
    private readonly KeyIndex<FoldOutput> outputIndex;
    private readonly KeyIndex<FoldGroup> groupIndex;
    private readonly Dictionary<UInt128, OutputResource> resources = [];
    private readonly Dictionary<UInt128, OutputScope> scopes = [];
    private readonly Dictionary<UInt128, OutputMetric> metrics = [];
    private readonly List<OutputMetric?> metricNumbers = [];
    private readonly Stack<int> freeMetrics = [];
    private readonly NativeList<int> retired = new();
    private readonly FieldTable attributes = new();
    private readonly ProtoBuffer scratch = new();
    private readonly IFoldPolicy policy;

    public FoldOutputs(IFoldPolicy policy)
    {
        this.policy = policy;
        outputIndex = new KeyIndex<FoldOutput>(outputs);
        groupIndex = new KeyIndex<FoldGroup>(groups);
    }

    public ref FoldOutput this[int number] => ref outputs[number];

    /// <summary>Every number in use is below it.</summary>
    public int End => outputs.End;

    public int Count => outputs.InUse;

    public NativeSlab<LevelFold> Levels { get; } = new();

    public ObjectSlab<ExplicitTotal> Explicit { get; } = new();

    public ObjectSlab<ExponentialTotal> Exponential { get; } = new();

    public IEnumerable<OutputResource> Resources => resources.Values;

    /// <summary>The fold that is held for an output's group; -1 where none is.</summary>
    public int HeldOf(int output) => outputs[output].Group < 0 ? -1 : groups[outputs[output].Group].Held;

    /// <summary>Holds a fold for its group, until it takes something.</summary>
    public void Hold(int output)
    {
        outputs[output].Set(OutputFlags.Held, true);
        groups[outputs[output].Group].Held = output;
    }

    public UInt128 GroupKeyOf(int output) => outputs[output].Group < 0 ? outputs[output].Key : groups[outputs[output].Group].Key;

    /// <summary>Newest input time of an output's group. Of levels: nothing else is told by it.</summary>
    public ulong WatermarkOf(int output)
    {
        ref var at = ref outputs[output];
        return at.Group >= 0 ? groups[at.Group].Watermark : at.Has(OutputFlags.Level) ? Levels[at.Distribution].Watermark : 0;
    }

    /// <summary>A point of an output's group came.</summary>
    public void Advance(int output, ulong time)
    {
        ref var at = ref outputs[output];
        if (at.Group >= 0)
            Advance(ref groups[at.Group].Watermark, time);
        else if (at.Has(OutputFlags.Level))
            Advance(ref Levels[at.Distribution].Watermark, time);
    }

    public OutputMetric MetricOf(int output) => metricNumbers[outputs[output].Metric]!;

    /// <summary>Writes the attributes of an output, with their tags.</summary>
    public void WriteAttributes(ProtoBuffer target, in FoldOutput output) => attributes.Write(target, output.Attributes);

    /// <returns>The output's number, or -1.</returns>
    public int Find(UInt128 key) => outputIndex.Find(key);

    /// <summary>The output of a key, made where it is not there yet.</summary>
    /// <param name="own">With all the labels of the current point's stream.</param>
    /// <param name="time">Time of the point that makes it.</param>
    /// <param name="since">Time of the stream's last point, whose increments went elsewhere; 0 for a new stream.</param>
    public int FindOrAdd(scoped in BatchReader reader, FoldPlan plan, UInt128 key, UInt128 group, bool own, ulong time, ulong since)
    {
        var number = outputIndex.Find(key);
        if (number >= 0)
        {
            outputs[number].Set(OutputFlags.Retired, false);
            return number;
        }

        var metric = FindOrAddMetric(reader, plan, own);
        scratch.Clear();
        policy.WritePoint(scratch, reader, plan, own);
        number = outputs.Take();
        ref var output = ref outputs[number];
        (output.KeyLow, output.KeyHigh) = ((ulong)key, (ulong)(key >> 64));
        output.Attributes = attributes.Add(scratch.Span);
        output.Start = since == 0 ? time - JustBefore : since + 1;
        output.Distribution = plan.Kind == FoldKind.Level ? Levels.Take() : -1;
        output.Flags = OutputFlags.InUse | (own ? OutputFlags.Own : 0) | (plan.Kind == FoldKind.Level ? OutputFlags.Level : 0);
        output.Group = group == key && !policy.HoldsFold && groupIndex.Find(group) < 0 ? FoldOutput.OnlyOfItsGroup : FindOrAddGroup(group);
        if (output.Group >= 0)
        {
            groups[output.Group].Outputs++;
            output.Start = Math.Max(output.Start, groups[output.Group].NewestEnd);
        }

        Link(metric, number);
        outputIndex.Add(number);
        return number;
    }

    /// <summary>Leaves the key to a successor, which begins anew: what was taken in is still emitted, before the successor's.</summary>
    public void Replace(int number)
    {
        ref var output = ref outputs[number];
        if (output.Group < 0)
            AddGroupOf(number);
        outputIndex.Remove(number);

        // An end that came after would be taken for the successor's.
        output.Set(OutputFlags.Ends, false);
        output.Set(OutputFlags.Replaced, true);
        Retire(number);
    }

    /// <summary>Has an output fetched.</summary>
    public void Prefetch(int number)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref outputs[number].Total));
    }

    /// <summary>No more input: what is not yet emitted still is, then the output is freed.</summary>
    public void Retire(int number)
    {
        ref var output = ref outputs[number];
        if (output.Has(OutputFlags.Retired))
            return;
        output.Set(OutputFlags.Retired, true);
        retired.Add() = number;
    }

    /// <summary>Frees what is retired and has said its end.</summary>
    public void FreeRetired()
    {
        var kept = 0;
        for (var i = 0; i < retired.Count; i++)
        {
            ref var output = ref outputs[retired[i]];
            if (!output.Has(OutputFlags.Retired))
                continue;
            if (output.Has(OutputFlags.Ends))
                retired[kept++] = retired[i];
            else
                Free(retired[i]);
        }

        retired.Truncate(kept);
    }

    private void Free(int number)
    {
        ref var output = ref outputs[number];
        var metric = metricNumbers[output.Metric]!;
        Unlink(metric, output);
        if (!output.Has(OutputFlags.Replaced))
            outputIndex.Remove(number);
        if (output.Group >= 0)
            LeaveGroup(number, output);
        if (output.Has(OutputFlags.Level))
            Levels.Free(output.Distribution);
        else if (output.Distribution >= 0 && metric.Plan.Kind.IsExplicit())
            Explicit.Free(output.Distribution);
        else if (output.Distribution >= 0)
            Exponential.Free(output.Distribution);
        attributes.Remove(output.Attributes);
        outputs.Free(number);
        if (metric.First < 0)
            Free(metric);
    }

    private void Free(OutputMetric metric)
    {
        metrics.Remove(metric.Key);
        metricNumbers[metric.Number] = null;
        freeMetrics.Push(metric.Number);
        var scope = metric.Scope;
        scope.Metrics.Remove(metric);
        if (scope.Metrics.Count > 0)
            return;
        scopes.Remove(scope.Key);
        scope.Resource.Scopes.Remove(scope);
        if (scope.Resource.Scopes.Count == 0)
            resources.Remove(scope.Resource.Key);
    }

    private int FindOrAddGroup(UInt128 key)
    {
        var number = groupIndex.Find(key);
        if (number >= 0)
            return number;
        if (outputIndex.Find(key) is >= 0 and var only && outputs[only].Group < 0)
            return AddGroupOf(only);
        return AddGroup(key);
    }

    /// <summary>An output gets a group beside it, since it will not be the only one of it any more.</summary>
    private int AddGroupOf(int number)
    {
        var (watermark, group) = (WatermarkOf(number), AddGroup(outputs[number].Key));
        (groups[group].Watermark, groups[group].Outputs) = (watermark, 1);
        return outputs[number].Group = group;
    }

    private int AddGroup(UInt128 key)
    {
        var number = groups.Take();
        ref var group = ref groups[number];
        (group.KeyLow, group.KeyHigh, group.Held) = ((ulong)key, (ulong)(key >> 64), -1);
        groupIndex.Add(number);
        return number;
    }

    private void LeaveGroup(int number, in FoldOutput output)
    {
        ref var group = ref groups[output.Group];
        group.NewestEnd = Math.Max(group.NewestEnd, output.LastEmitted);
        if (group.Held == number)
            group.Held = -1;
        if (--group.Outputs > 0)
            return;
        groupIndex.Remove(output.Group);
        groups.Free(output.Group);
    }

    private static void Advance(ref ulong watermark, ulong time) => watermark = Math.Max(watermark, time);

    private OutputMetric FindOrAddMetric(scoped in BatchReader reader, FoldPlan plan, bool own)
    {
        scratch.Clear();
        policy.WriteResource(scratch, reader, plan, own);
        var resourceKey = Identity.OfBytes(scratch.Span);
        if (!resources.TryGetValue(resourceKey, out var resource))
            resources.Add(resourceKey, resource = new OutputResource(resourceKey, scratch.Span.ToArray()));

        scratch.Clear();
        CopyAllBut(2, reader.ScopeMetrics);
        var scopeKey = resourceKey * 3 + Identity.OfBytes(scratch.Span);
        if (!scopes.TryGetValue(scopeKey, out var scope))
        {
            scopes.Add(scopeKey, scope = new OutputScope(scopeKey, resource, scratch.Span.ToArray()));
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
        if (!freeMetrics.TryPop(out var number))
        {
            number = metricNumbers.Count;
            metricNumbers.Add(null);
        }

        metric = new OutputMetric(metricKey, number, scope, reader.Type, plan, raw, scratch.Span.ToArray());
        metricNumbers[number] = metric;
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

    private void Link(OutputMetric metric, int number)
    {
        ref var output = ref outputs[number];
        (output.Metric, output.Previous, output.Next) = (metric.Number, metric.Last, -1);
        if (metric.Last >= 0)
            outputs[metric.Last].Next = number;
        else
            metric.First = number;
        metric.Last = number;
    }

    private void Unlink(OutputMetric metric, in FoldOutput output)
    {
        if (output.Previous >= 0)
            outputs[output.Previous].Next = output.Next;
        else
            metric.First = output.Next;
        if (output.Next >= 0)
            outputs[output.Next].Previous = output.Previous;
        else
            metric.Last = output.Previous;
    }
}
