namespace Phoenix.Telemetry;

/// <summary>What identifies a Prometheus target in a resource: <c>job</c> and <c>instance</c>.</summary>
internal sealed class PrometheusTarget
{
    private readonly ProtoBuffer job = new();
    private readonly ProtoBuffer instance = new();

    /// <summary><c>service.namespace/service.name</c>, or <c>service.name</c>; empty where there is no name.</summary>
    public ReadOnlySpan<byte> Job => job.Span;

    /// <summary><c>service.instance.id</c>.</summary>
    public ReadOnlySpan<byte> Instance => instance.Span;

    /// <summary>Whether the resource says more than these, which makes it a <c>target_info</c>.</summary>
    public bool HasMore { get; private set; }

    public void Read(ReadOnlySpan<byte> resource)
    {
        job.Clear();
        instance.Clear();
        if (Attributes.TryFind(resource, Attributes.OfResource, "service.name"u8, out var name))
        {
            if (Attributes.TryFind(resource, Attributes.OfResource, "service.namespace"u8, out var space))
                AnyValueText.Append(job, space.Value);
            if (job.Length > 0)
                job.Append("/"u8);
            var before = job.Length;
            AnyValueText.Append(job, name.Value);
            if (job.Length == before)
                job.Clear();
        }

        if (Attributes.TryFind(resource, Attributes.OfResource, "service.instance.id"u8, out var id))
            AnyValueText.Append(instance, id.Value);
        HasMore = SeriesProjection.HasTargetInfo(resource);
    }

    /// <summary>Whether an attribute of the resource is told by <c>job</c> or <c>instance</c>.</summary>
    public static bool Tells(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("service.name"u8) || key.SequenceEqual("service.namespace"u8) || key.SequenceEqual("service.instance.id"u8);
}
