using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>One kind of collector: how it is checked, started, recognised, asked and changed.</summary>
internal interface ICollectorRuntime
{
    /// <summary>How the collector's process is started.</summary>
    /// <exception cref="ProgramMissingException">There is no such program on this host.</exception>
    Launch Launch(Collector collector);

    /// <summary>Whether the program would start with the file; null where it would.</summary>
    /// <param name="output">A file for what the program says.</param>
    /// <exception cref="ProgramMissingException">There is no such program on this host.</exception>
    Task<TaskError?> ValidateAsync(string name, string file, string output, CancellationToken cancellation);

    /// <summary>A process of this collector whose pid was never written down; null where there is none.</summary>
    ProcessIdentity? FindStray(Collector collector);

    /// <summary>Null where it does not answer: it starts, has ended, or hangs.</summary>
    Task<CollectorStatus?> StatusAsync(Collector collector, CancellationToken cancellation);

    /// <summary>Asks the running process to take its configuration file over.</summary>
    Task<ReloadAnswer> ReloadAsync(Collector collector, CancellationToken cancellation);
}

/// <summary>The runtimes of this host.</summary>
internal sealed class Runtimes(ICollectorRuntime phoenix, StockRuntime stock)
{
    public StockRuntime Stock => stock;

    public ICollectorRuntime this[CollectorRuntime runtime] => runtime is CollectorRuntime.Stock ? stock : phoenix;

    /// <summary>The runtime of what a collector with a state should run.</summary>
    public ICollectorRuntime Of(Collector collector) => this[collector.State?.Runtime ?? CollectorRuntime.Phoenix];
}

/// <summary>How a program is started.</summary>
/// <param name="Variables">Beside those of the agent's own environment, and before them.</param>
internal sealed record Launch(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Variables);
