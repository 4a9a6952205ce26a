namespace Phoenix.Telemetry;

/// <summary>What becomes of a resource's attributes around an output.</summary>
internal interface IResourceEdit
{
    /// <summary>The output stands for several resources: what speaks of one of them is left out.</summary>
    bool JoinsResources { get; }

    /// <summary>Writes an attribute of the current resource as it is around the output, or leaves it out.</summary>
    void Write(ProtoBuffer target, scoped in BatchReader reader, in AttributeField attribute);
}

internal static class ResourceEdit
{
    /// <summary>Writes the current <c>ResourceMetrics</c> without its scopes.</summary>
    public static void Write<T>(ProtoBuffer target, scoped in BatchReader reader, HostStamp host, in T edit)
        where T : struct, IResourceEdit
    {
        var cursor = new ProtoCursor(reader.ResourceMetrics, 0);
        var seen = false;
        while (cursor.Next())
        {
            if (cursor.Field == 2)
                continue;
            if (cursor.Field != 1)
            {
                target.Append(cursor.Raw);
                continue;
            }

            seen = true;
            var resource = target.Begin(1);
            var fields = new ProtoCursor(cursor.Content, 0);
            while (fields.Next())
            {
                // Entity references and dropped counts speak of one resource; they do not hold for what several become.
                if (fields.Field != Attributes.OfResource && !edit.JoinsResources)
                    target.Append(fields.Raw);
            }

            var attributes = new Attributes(cursor.Content, Attributes.OfResource);
            while (attributes.Next())
                edit.Write(target, reader, attributes.Current);
            host.Write(target, reader);
            target.End(resource);
        }

        if (!seen)
            host.WriteResource(target, reader);
    }

    /// <summary>Whether a label is looked for in the resource: a point attribute of the same name stands before it.</summary>
    public static bool IsOfResource(scoped in BatchReader reader, ReadOnlySpan<byte> key) =>
        !Attributes.TryFind(reader.Point, Attributes.FieldOf(reader.Type), key, out _);
}
