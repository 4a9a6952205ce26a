using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Phoenix.Telemetry;

/// <summary>A value in a condition: text, a whole or real number, a truth value, or nothing.</summary>
internal enum OttlKind : byte
{
    Nil,
    Text,
    Number,

    /// <summary>The bits of a double.</summary>
    Real,
    Truth,
    Other,
}

internal readonly ref struct OttlValue(OttlKind kind, ReadOnlySpan<byte> text, long number)
{
    public OttlKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Text { get; } = text;

    public long Number { get; } = number;

    public double Double => Kind == OttlKind.Real ? BitConverter.Int64BitsToDouble(Number) : Number;

    private bool IsNumber => Kind is OttlKind.Number or OttlKind.Real;

    /// <summary>A whole and a real number are compared as real numbers, as the transformation language does.</summary>
    public static bool AreEqual(OttlValue left, OttlValue right) => left.Kind == OttlKind.Real || right.Kind == OttlKind.Real
        ? left.IsNumber && right.IsNumber && left.Double == right.Double
        : left.Kind == right.Kind && left.Kind != OttlKind.Other && left.Number == right.Number && left.Text.SequenceEqual(right.Text);
}

/// <summary>What a condition reads: a literal, the metric's name, or an attribute.</summary>
internal abstract record OttlOperand
{
    public abstract OttlValue Read(scoped in BatchReader reader);

    internal sealed record Literal(OttlKind Kind, byte[] Bytes, long Number) : OttlOperand
    {
        public override OttlValue Read(scoped in BatchReader reader) => new(Kind, Bytes, Number);
    }

    internal sealed record MetricName : OttlOperand
    {
        public override OttlValue Read(scoped in BatchReader reader) => new(OttlKind.Text, reader.MetricName, 0);
    }

    internal sealed record Attribute(string Key, bool OfResource) : OttlOperand
    {
        private readonly byte[] key = Encoding.UTF8.GetBytes(Key);

        public override OttlValue Read(scoped in BatchReader reader)
        {
            var found = OfResource
                ? Attributes.TryFind(reader.Resource, Attributes.OfResource, key, out var attribute)
                : Attributes.TryFind(reader.Point, Attributes.FieldOf(reader.Type), key, out attribute);
            if (!found)
                return default;
            var cursor = new ProtoCursor(attribute.Value, 0);
            if (!cursor.Next())
                return default;
            return (cursor.Field, cursor.Wire) switch
            {
                (1, WireType.Bytes) => new OttlValue(OttlKind.Text, cursor.Content, 0),
                (2, WireType.Varint) => new OttlValue(OttlKind.Truth, default, cursor.Scalar != 0 ? 1 : 0),
                (3, WireType.Varint) => new OttlValue(OttlKind.Number, default, (long)cursor.Scalar),
                (4, WireType.Fixed64) => new OttlValue(OttlKind.Real, default, (long)cursor.Scalar),
                _ => new OttlValue(OttlKind.Other, default, 0),
            };
        }
    }
}

/// <summary>A parsed condition over a metric or one of its points.</summary>
internal abstract record OttlCondition
{
    public abstract bool Holds(scoped in BatchReader reader);

    /// <summary>Metric names outside of which it never holds; null where it may hold for any.</summary>
    public virtual IReadOnlyList<string>? MetricNames => null;

    /// <summary>Adds the attribute keys it reads.</summary>
    public abstract void AddLabels(ISet<string> labels);

    internal sealed record Equality(OttlOperand Left, OttlOperand Right, bool Negated) : OttlCondition
    {
        public override IReadOnlyList<string>? MetricNames => (Left, Right, Negated) switch
        {
            (OttlOperand.MetricName, OttlOperand.Literal { Kind: OttlKind.Text } name, false) => [Encoding.UTF8.GetString(name.Bytes)],
            (OttlOperand.Literal { Kind: OttlKind.Text } name, OttlOperand.MetricName, false) => [Encoding.UTF8.GetString(name.Bytes)],
            _ => null,
        };

        public override bool Holds(scoped in BatchReader reader) => OttlValue.AreEqual(Left.Read(reader), Right.Read(reader)) != Negated;

        public override void AddLabels(ISet<string> labels)
        {
            AddLabel(Left, labels);
            AddLabel(Right, labels);
        }
    }

    internal sealed record Match(OttlOperand Target, Regex Pattern) : OttlCondition
    {
        public override bool Holds(scoped in BatchReader reader)
        {
            var value = Target.Read(reader);
            if (value.Kind == OttlKind.Number)
            {
                Span<char> digits = stackalloc char[24];
                return value.Number.TryFormat(digits, out var length) && Pattern.IsMatch(digits[..length]);
            }

            if (value.Kind == OttlKind.Real)
            {
                Span<char> digits = stackalloc char[32];
                return value.Double.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture) && Pattern.IsMatch(digits[..length]);
            }

            if (value.Kind == OttlKind.Truth)
                return Pattern.IsMatch(value.Number != 0 ? "true" : "false");
            if (value.Kind != OttlKind.Text)
                return false;
            var rented = ArrayPool<char>.Shared.Rent(value.Text.Length);
            var count = Encoding.UTF8.GetChars(value.Text, rented);
            var matches = Pattern.IsMatch(rented.AsSpan(0, count));
            ArrayPool<char>.Shared.Return(rented);
            return matches;
        }

        public override void AddLabels(ISet<string> labels) => AddLabel(Target, labels);
    }

    internal sealed record Not(OttlCondition Inner) : OttlCondition
    {
        public override bool Holds(scoped in BatchReader reader) => !Inner.Holds(reader);

        public override void AddLabels(ISet<string> labels) => Inner.AddLabels(labels);
    }

    internal sealed record And(OttlCondition Left, OttlCondition Right) : OttlCondition
    {
        public override IReadOnlyList<string>? MetricNames => Left.MetricNames ?? Right.MetricNames;

        public override bool Holds(scoped in BatchReader reader) => Left.Holds(reader) && Right.Holds(reader);

        public override void AddLabels(ISet<string> labels)
        {
            Left.AddLabels(labels);
            Right.AddLabels(labels);
        }
    }

    internal sealed record Or(OttlCondition Left, OttlCondition Right) : OttlCondition
    {
        public override IReadOnlyList<string>? MetricNames =>
            Left.MetricNames is { } left && Right.MetricNames is { } right ? [.. left, .. right] : null;

        public override bool Holds(scoped in BatchReader reader) => Left.Holds(reader) || Right.Holds(reader);

        public override void AddLabels(ISet<string> labels)
        {
            Left.AddLabels(labels);
            Right.AddLabels(labels);
        }
    }

    private static void AddLabel(OttlOperand operand, ISet<string> labels)
    {
        if (operand is OttlOperand.Attribute attribute)
            labels.Add(attribute.Key);
    }
}
