using System.Globalization;

namespace Phoenix.Api.Infrastructure;

/// <summary>How many files the system lets this process have open.</summary>
public static class OpenFiles
{
    /// <summary>Files kept for the database, the log, libraries and the runtime; half of all where there are so few.</summary>
    const int Kept = 1_000;

    /// <summary>
    /// Connections that a node may take; null where the system says no limit. Live feeds, which are upgraded connections, are counted by a limit of
    /// their own: a tenth is theirs.
    /// </summary>
    public static (long? Requests, long? Feeds) ForConnections() =>
        Limit() is { } limit && limit - Math.Min(Kept, limit / 2) is var all ? (all - all / 10, all / 10) : (null, null);

    /// <summary>The limit now in force, which .NET has raised to the hard one at its start; null where there is none or the system does not tell.</summary>
    public static long? Limit()
    {
        const string file = "/proc/self/limits";
        if (!File.Exists(file)) return null;
        var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
