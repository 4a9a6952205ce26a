using System.Numerics;

namespace Phoenix.Telemetry;

/// <summary>A set of one metric's labels, one bit each in the order in which the metric numbers them.</summary>
public readonly record struct LabelSet(uint Bits)
{
    /// <summary>Labels that a set can hold.</summary>
    public const int Capacity = 32;

    public static LabelSet Empty => default;

    public int Count => BitOperations.PopCount(Bits);

    public bool IsEmpty => Bits == 0;

    public static LabelSet Of(int label) => new(1u << label);

    public bool Has(int label) => (Bits >> label & 1) != 0;

    /// <summary>Whether every label here is in <paramref name="other"/> too.</summary>
    public bool IsWithin(LabelSet other) => (Bits & ~other.Bits) == 0;

    public LabelSet With(LabelSet other) => new(Bits | other.Bits);

    public LabelSet Without(LabelSet other) => new(Bits & ~other.Bits);

    /// <summary>The labels by name, in their order.</summary>
    public IReadOnlyList<string> Names(IReadOnlyList<string> labels)
    {
        var names = new List<string>(Count);
        for (var label = 0; label < labels.Count; label++)
        {
            if (Has(label))
                names.Add(labels[label]);
        }

        return names;
    }
}
