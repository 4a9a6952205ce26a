namespace Phoenix.Telemetry;

/// <summary>A metric as the adaptive reducer knows it, for as long as the reducer lives.</summary>
internal sealed class AdaptiveMetric(FoldContribution contribution, byte[] name)
{
    public FoldContribution Contribution { get; } = contribution;

    /// <summary>UTF-8.</summary>
    public byte[] Name { get; } = name;

    /// <summary>How its streams are folded, or why they pass.</summary>
    public required FoldPlan Plan { get; set; }

    /// <summary>The labels that are folded now.</summary>
    public LabelSet Folded { get; private set; }

    /// <summary>Its streams have not been told yet that other labels are folded.</summary>
    public bool Moves { get; set; }

    public void Fold(LabelSet labels)
    {
        Moves |= labels != Folded;
        Folded = labels;
    }
}
