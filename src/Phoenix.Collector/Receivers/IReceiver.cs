using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers;

/// <summary>One configured receiver while it runs. Disposing ends it; nothing it received is taken back.</summary>
internal interface IReceiver : IAsyncDisposable
{
    /// <summary>Completes only where receiving failed for good, with the reason.</summary>
    Task Failed { get; }

    /// <summary>
    /// Begins to receive, or goes on under other settings: a listener whose address stays is not closed, and a target that
    /// stays keeps its schedule and what is known of it. Where this throws, the settings before stay in force.
    /// </summary>
    /// <exception cref="IOException">An address cannot be listened on, or a file that the settings name cannot be read.</exception>
    Task ApplyAsync(ReceiverSettings settings);
}
