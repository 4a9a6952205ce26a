namespace Phoenix.Telemetry;

/// <summary>Adds <c>host.id</c> to outputs whose resource has none, so that two hosts never write the same stream.</summary>
/// <param name="hostId">Null or empty adds nothing.</param>
internal sealed class HostStamp(string? hostId)
{
    private readonly UInt128 identity = string.IsNullOrEmpty(hostId) ? 0 : Identity.OfHostId(hostId);

    /// <summary>What it adds to the identity of the current point's stream; 0 where nothing.</summary>
    public UInt128 AddedTo(scoped in BatchReader reader) =>
        identity == 0 || Attributes.TryFind(reader.Resource, Attributes.OfResource, "host.id"u8, out _) ? 0 : identity;

    /// <summary>Writes the attribute where the current resource lacks it.</summary>
    public void Write(ProtoBuffer resource, scoped in BatchReader reader)
    {
        if (AddedTo(reader) != 0)
            KeyValue.Write(resource, Attributes.OfResource, "host.id", hostId!);
    }

    /// <summary>Writes a <c>Resource</c> of it alone where one is to be added.</summary>
    public void WriteResource(ProtoBuffer resourceMetrics, scoped in BatchReader reader)
    {
        if (AddedTo(reader) == 0)
            return;
        var resource = resourceMetrics.Begin(1);
        Write(resourceMetrics, reader);
        resourceMetrics.End(resource);
    }
}
