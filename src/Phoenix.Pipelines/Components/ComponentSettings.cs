namespace Phoenix.Pipelines.Components;

/// <summary>A configured receiver. <paramref name="Id"/> is its key in the file: <c>type</c> or <c>type/name</c>.</summary>
public abstract record ReceiverSettings(string Id)
{
    /// <summary>The intervals at which it produces by itself; empty where senders decide.</summary>
    public abstract IEnumerable<TimeSpan> Intervals { get; }
}

/// <summary>A configured processor.</summary>
public abstract record ProcessorSettings(string Id)
{
    /// <summary>How often folded points are emitted; null follows the shortest interval of the inputs, or nothing is folded.</summary>
    public virtual TimeSpan? ExportInterval => null;

    /// <summary>How long it remembers a silent stream; null where it remembers none.</summary>
    public virtual TimeSpan? Memory => null;
}

/// <summary>A configured exporter.</summary>
public abstract record ExporterSettings(string Id);

/// <summary>An exporter that sends from a bounded queue of its own.</summary>
public abstract record QueuedExporterSettings(string Id, TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue) : ExporterSettings(Id)
{
    /// <summary>Whether what it sends leaves the machine, and so is what a backend is paid for.</summary>
    public virtual bool SendsAway => true;
}

/// <summary>Bounds that several components share.</summary>
internal static class Bounds
{
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10);
}
