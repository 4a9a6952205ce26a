using System.Diagnostics;
using System.Globalization;

namespace Phoenix.Bench.Fleet;

/// <summary>What is done to the database server: ended as by a crash, and made slow as by a disk that hangs.</summary>
sealed class DatabaseFaults(string restart, string pidFile)
{
    /// <summary>Null where the server is not ./bench's own.</summary>
    public static DatabaseFaults? Known() =>
        Environment.GetEnvironmentVariable("PHOENIX_BENCH_POSTGRES_RESTART") is { Length: > 0 } restart && Environment.GetEnvironmentVariable("PHOENIX_BENCH_POSTGRES_PID_FILE") is { Length: > 0 } pidFile
            ? new(restart, pidFile) : null;

    /// <summary>SIGKILL for the postmaster and everything it has started, then a new server, which recovers from its log.</summary>
    public async Task KillServer()
    {
        var postmaster = Postmaster();
        // Asked for before: they are nobody's children any more when the postmaster is gone, and one that lives on keeps a new server from the data.
        var children = Children(postmaster);
        // The postmaster first: one that sees a child die would start another.
        await Run("kill", ["-KILL", $"{postmaster}", .. children.Select(p => $"{p}")], tolerate: true);
        await Run(restart, []);
    }

    /// <summary>SIGKILL for one backend: the server takes that for a crash, ends all connections and recovers.</summary>
    public async Task KillBackend()
    {
        var backends = Children(Postmaster()).Where(p => Title(p).Contains("127.0.0.1", StringComparison.Ordinal)).ToList();
        if (backends.Count > 0) await Run("kill", ["-KILL", $"{backends[Random.Shared.Next(backends.Count)]}"], tolerate: true);
    }

    /// <summary>Nothing that writes gets on: log writer, checkpointer and backends are stopped for so long.</summary>
    public async Task Stall(TimeSpan time)
    {
        string[] writers = [.. Children(Postmaster()).Where(p => Title(p) is var title && (title.Contains("walwriter", StringComparison.Ordinal)
            || title.Contains("checkpointer", StringComparison.Ordinal) || title.Contains("127.0.0.1", StringComparison.Ordinal))).Select(p => $"{p}")];
        await Run("kill", ["-STOP", .. writers], tolerate: true);
        try
        {
            await Task.Delay(time);
        }
        finally
        {
            await Run("kill", ["-CONT", .. writers], tolerate: true);
        }
    }

    int Postmaster() => int.Parse(File.ReadLines(pidFile).First(), CultureInfo.InvariantCulture);

    internal static List<int> Children(int parent) =>
        [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0).Where(pid => pid > 0 && Parent(pid) == parent)];

    static int Parent(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // It has ended meanwhile.
        }
    }

    static string Title(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <param name="tolerate">A process that has ended meanwhile cannot be sent a signal, and need not.</param>
    internal static async Task Run(string program, string[] arguments, bool tolerate = false)
    {
        if (tolerate && arguments.Length < 2) return;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = tolerate })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0 && !tolerate) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}");
    }
}

/// <summary>
/// A network of its own for a part of the fleet, tied to this one by a pair of virtual interfaces that can be cut. The kernel's netem drops
/// packets where it is there; elsewhere the link goes down for moments, which drops them too.
/// </summary>
sealed class Link : IAsyncDisposable
{
    const string Prefix = "phx";

    readonly string _name = $"{Prefix}{Environment.ProcessId % 100_000}";

    Link() { }

    /// <summary>This side's address.</summary>
    public const string Address = "10.213.7.1";

    /// <summary>Runs a program on the other side.</summary>
    public string[] Within => ["ip", "netns", "exec", _name];

    public bool HasNetem { get; private set; }

    /// <summary>Null where this process may not make networks, with the reason on the console.</summary>
    public static async Task<Link?> TryMake()
    {
        var link = new Link();
        try
        {
            await RemoveLeft();
            await Ip("netns", "add", link._name);
            await Ip("link", "add", link._name, "type", "veth", "peer", "name", "far", "netns", link._name);
            await Ip("addr", "add", $"{Address}/30", "dev", link._name);
            await Ip("link", "set", link._name, "up");
            await Ip("-n", link._name, "addr", "add", "10.213.7.2/30", "dev", "far");
            await Ip("-n", link._name, "link", "set", "far", "up");
            await Ip("-n", link._name, "link", "set", "lo", "up");
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await link.DisposeAsync();
            Console.WriteLine($"skipped: partition and packet loss, for no network can be made here ({e.Message})");
            return null;
        }
        try
        {
            await DatabaseFaults.Run("tc", ["qdisc", "add", "dev", link._name, "root", "netem", "loss", "0%"]);
            link.HasNetem = true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Console.WriteLine("The kernel has no netem here: packets are lost by taking the link down for moments.");
        }
        return link;
    }

    /// <summary>Of a bench that was killed its network is left, whose address would take what is meant for this one.</summary>
    static async Task RemoveLeft()
    {
        const string networks = "/run/netns";
        if (!Directory.Exists(networks)) return;
        foreach (var name in Directory.EnumerateFiles(networks, Prefix + "*").Select(Path.GetFileName))
        {
            if (!int.TryParse(name![Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var owner) || Directory.Exists($"/proc/{owner}")) continue;
            await DatabaseFaults.Run("ip", ["link", "del", name], tolerate: true);
            await DatabaseFaults.Run("ip", ["netns", "del", name], tolerate: true);
        }
    }

    public async Task Cut(TimeSpan time)
    {
        await Ip("link", "set", _name, "down");
        await Task.Delay(time);
        await Ip("link", "set", _name, "up");
    }

    public async Task Lose(TimeSpan time)
    {
        if (HasNetem)
        {
            await DatabaseFaults.Run("tc", ["qdisc", "change", "dev", _name, "root", "netem", "loss", "10%", "delay", "20ms", "20ms"]);
            await Task.Delay(time);
            await DatabaseFaults.Run("tc", ["qdisc", "change", "dev", _name, "root", "netem", "loss", "0%"]);
            return;
        }
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < time;)
        {
            await Cut(TimeSpan.FromMilliseconds(30 + 100 * Random.Shared.NextDouble()));
            await Task.Delay(TimeSpan.FromMilliseconds(200 + 600 * Random.Shared.NextDouble()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        // With the network go both ends of the pair.
        await DatabaseFaults.Run("ip", ["link", "del", _name], tolerate: true);
        await DatabaseFaults.Run("ip", ["netns", "del", _name], tolerate: true);
    }

    static Task Ip(params string[] arguments) => DatabaseFaults.Run("ip", arguments);
}
