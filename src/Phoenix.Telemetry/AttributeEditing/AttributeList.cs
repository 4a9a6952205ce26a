using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>The attributes of one resource or point while actions change them. Reused from owner to owner.</summary>
internal sealed class AttributeList
{
    private readonly ProtoBuffer text = new();
    private readonly List<Entry> entries = [];

    /// <summary>Whether an action changed anything since <see cref="Read"/>.</summary>
    public bool Changed { get; private set; }

    public void Read(ReadOnlySpan<byte> owner, int field)
    {
        text.Clear();
        entries.Clear();
        Changed = false;
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
            entries.Add(new Entry(Keep(attributes.Current.Key), Keep(attributes.Current.Value)));
    }

    public void Apply(AttributeStep step)
    {
        var at = Find(step.Key);
        switch (step.Action.Kind)
        {
            case AttributeActionKind.Insert when at < 0:
            case AttributeActionKind.Update when at >= 0:
            case AttributeActionKind.Upsert:
                if (ValueFor(step) is { } value)
                    Set(at, step.Key, value);
                break;
            case AttributeActionKind.Delete when at >= 0:
                entries.RemoveAt(at);
                Changed = true;
                break;
            case AttributeActionKind.Hash when at >= 0:
                Hash(at);
                break;
            case AttributeActionKind.Convert when at >= 0:
                Convert(at, step.Action.Type);
                break;
            case AttributeActionKind.Extract when at >= 0:
                Extract(at, step);
                break;
        }
    }

    /// <summary>Writes the owner with these attributes instead of its own.</summary>
    public void Write(ReadOnlySpan<byte> owner, int field, ProtoBuffer output)
    {
        var cursor = new ProtoCursor(owner, 0);
        while (cursor.Next())
        {
            if (cursor.Field != field)
                output.Append(cursor.Raw);
        }

        foreach (var entry in entries)
        {
            var pair = output.Begin(field);
            output.Bytes(1, entry.Key.Of(text.Span));
            output.Bytes(2, entry.Value.Of(text.Span));
            output.End(pair);
        }
    }

    /// <summary>What these attributes add to the identity of their stream.</summary>
    public UInt128 Identity(bool ofResource)
    {
        UInt128 sum = 0;
        foreach (var entry in entries)
            sum += Telemetry.Identity.OfAttribute(new AttributeField(entry.Key.Of(text.Span), entry.Value.Of(text.Span), default), ofResource);
        return sum;
    }

    private int Find(ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Key.Of(text.Span).SequenceEqual(key))
                return i;
        }

        return -1;
    }

    private ByteRange? ValueFor(AttributeStep step)
    {
        if (step.From is { } from)
            return Find(from) is >= 0 and var source ? entries[source].Value : null;
        return Keep(step.Action.Value!.Value.Span);
    }

    private void Set(int at, ReadOnlySpan<byte> key, ByteRange value)
    {
        if (at < 0)
        {
            entries.Add(new Entry(Keep(key), value));
            Changed = true;
            return;
        }

        Changed |= !entries[at].Value.Of(text.Span).SequenceEqual(value.Of(text.Span));
        entries[at] = entries[at] with { Value = value };
    }

    private void Hash(int at)
    {
        var value = new ScalarValue(entries[at].Value.Of(text.Span));
        Span<byte> scalar = stackalloc byte[sizeof(ulong)];
        var hashed = value.IsText ? value.Bytes : scalar[..value.ForHash(scalar)];
        if (hashed.IsEmpty)
            return;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(hashed, digest);
        Span<byte> hex = stackalloc byte[2 * SHA256.HashSizeInBytes];
        System.Convert.TryToHexStringLower(digest, hex, out _);
        var from = text.Length;
        text.Bytes(1, hex);
        Replace(at, from);
    }

    private void Convert(int at, AttributeType type)
    {
        // The value lies in the buffer that the new one is appended to, which may move while it grows.
        var old = entries[at].Value.Of(text.Span);
        Span<byte> copy = old.Length <= 256 ? stackalloc byte[old.Length] : new byte[old.Length];
        old.CopyTo(copy);
        var from = text.Length;
        if (new ScalarValue(copy).TryConvert(type, text))
            Replace(at, from);
    }

    private void Extract(int at, AttributeStep step)
    {
        var value = new ScalarValue(entries[at].Value.Of(text.Span));
        if (!value.IsText)
            return;
        var match = step.Action.Pattern!.Match(Encoding.UTF8.GetString(value.Bytes));
        if (!match.Success)
            return;
        foreach (var (name, key) in step.Groups)
        {
            var from = text.Length;
            text.TextAlways(1, match.Groups[name].Value);
            Set(Find(key), key, new ByteRange(from, text.Length - from));
        }
    }

    private void Replace(int at, int from)
    {
        entries[at] = entries[at] with { Value = new ByteRange(from, text.Length - from) };
        Changed = true;
    }

    private ByteRange Keep(ReadOnlySpan<byte> bytes)
    {
        var at = text.Length;
        text.Append(bytes);
        return new ByteRange(at, bytes.Length);
    }

    private readonly record struct Entry(ByteRange Key, ByteRange Value);
}

/// <summary>An action with its names as bytes.</summary>
internal sealed class AttributeStep(AttributeAction action)
{
    private readonly byte[] key = Encoding.UTF8.GetBytes(action.Key);

    public AttributeAction Action => action;

    public ReadOnlySpan<byte> Key => key;

    public byte[]? From { get; } = action.FromAttribute is { } from ? Encoding.UTF8.GetBytes(from) : null;

    public (string Name, byte[] Key)[] Groups { get; } = [.. action.Groups.Select(name => (name, Encoding.UTF8.GetBytes(name)))];
}
