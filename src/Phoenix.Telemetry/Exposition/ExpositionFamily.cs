namespace Phoenix.Telemetry;

/// <summary>The points of one metric name as a scrape shows them.</summary>
internal sealed class ExpositionFamily(byte[] name, MetricType form, PrometheusType type)
{
    /// <summary>With unit and, for a counter, <c>_total</c>.</summary>
    public byte[] Name { get; } = name;

    public MetricType Form { get; } = form;

    public PrometheusType Type { get; } = type;

    public byte[] Help { get; set; } = [];

    /// <summary>In Prometheus' words; only where the name ends with it.</summary>
    public byte[] Unit { get; set; } = [];

    public List<ShownPoint> Points { get; } = [];
}

/// <summary>The latest state of one label set.</summary>
internal sealed class ShownPoint(UInt128 key, byte[] labels)
{
    public UInt128 Key { get; } = key;

    /// <summary>Escaped and joined by commas, without braces.</summary>
    public byte[] Labels { get; } = labels;

    /// <summary>Content of the OTLP point; for <c>target_info</c> nothing.</summary>
    public byte[] Content { get; private set; } = [];

    public int Length { get; private set; }

    /// <summary>Index in its family.</summary>
    public int Place { get; set; }

    public ulong UnixNanos { get; set; }

    /// <summary>When it was last renewed, by the clock of this process.</summary>
    public long SeenUnixNanos { get; set; }

    public void Renew(ReadOnlySpan<byte> content)
    {
        if (Content.Length < content.Length || Content.Length > 2 * content.Length + 64)
            Content = new byte[content.Length];
        content.CopyTo(Content);
        Length = content.Length;
    }
}
