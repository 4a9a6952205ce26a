using System.Globalization;
using Npgsql;

namespace Phoenix.Bench.Queue;

/// <summary>CPU time of a PostgreSQL server on this machine: of its postmaster, of the backends that live, and of those that have ended.</summary>
sealed class ClusterCpu
{
    static readonly double TicksPerSecond = 100; // USER_HZ, which is 100 on every architecture of Linux that .NET runs on (proc(5))

    readonly int _postmaster;

    ClusterCpu(int postmaster) => _postmaster = postmaster;

    /// <summary>Null where the server runs elsewhere, so that its processes cannot be seen.</summary>
    public static async Task<ClusterCpu?> Of(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select pg_backend_pid()");
        var backend = (int)(await command.ExecuteScalarAsync())!;
        return Stat(backend) is { } stat && Name(stat.Parent) == "postgres" ? new(stat.Parent) : null;
    }

    /// <summary>Seconds so far.</summary>
    public double Seconds => (Stat(_postmaster) is { } own ? own.Ticks + own.ChildTicks : 0) / TicksPerSecond
        + Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? Stat(pid) : null)
            .Where(s => s?.Parent == _postmaster).Sum(s => s!.Value.Ticks) / TicksPerSecond;

    static string Name(int pid) => File.Exists($"/proc/{pid}/comm") ? File.ReadAllText($"/proc/{pid}/comm").Trim() : "";

    static (int Parent, long Ticks, long ChildTicks)? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            long Field(int n) => long.Parse(fields[n - 3], CultureInfo.InvariantCulture);
            return ((int)Field(4), Field(14) + Field(15), Field(16) + Field(17));
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile; its parent has its time.
        }
    }
}
