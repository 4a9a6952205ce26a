namespace Phoenix.Contracts;

/// <summary>Which log lines of a host are wanted.</summary>
/// <param name="Collector">Of this collector alone; null for the agent and all its collectors.</param>
/// <param name="Lines">Last lines of each log, 1 to <see cref="HostLogLimits.Lines"/>.</param>
public sealed record HostLogsOrder(string? Collector, int Lines);

/// <summary>
/// <c>POST /api/v2/tasks/{id}/logs</c>, before the task's result: log lines are kept for a short while, what a result says for as long as there is an
/// audit log. 409 <c>lease-superseded</c> where the lease is not the current one.
/// </summary>
public sealed record HostLogsReport(long Lease, IReadOnlyList<HostLogFile> Files);

/// <param name="Name"><c>agent</c>, or the file's name.</param>
/// <param name="Collector">Whose log it is; null for the agent's own.</param>
/// <param name="Lines">Oldest first, secrets taken out by the agent.</param>
/// <param name="Truncated">There are older lines, or a line was cut.</param>
public sealed record HostLogFile(string Name, string? Collector, IReadOnlyList<string> Lines, bool Truncated);

/// <summary>What one report holds at most.</summary>
public static class HostLogLimits
{
    /// <summary>Lines of one file.</summary>
    public const int Lines = 1000;

    /// <summary>Characters of one line.</summary>
    public const int LineLength = 4000;

    /// <summary>UTF-8 bytes of all lines of all files.</summary>
    public const int Bytes = 256 << 10;

    public const int Files = 200;
}
