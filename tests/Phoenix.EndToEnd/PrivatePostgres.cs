using System.Collections.Concurrent;
using System.Diagnostics;

namespace Phoenix.EndToEnd;

/// <summary>
/// A PostgreSQL cluster of the test's own, with durability as shipped, that can be stopped and started. A guardian
/// shell runs it by <c>build/postgres.sh</c> and ends it when its standard input closes: also where the test is killed.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const string Guardian =
        """
        set -euo pipefail
        trap '' INT TERM HUP
        source "$1/build/lib.sh"
        source "$1/build/postgres.sh"
        prepare_state
        pg_require "$2"
        pg_create "$2"
        PG_OPTIONS=(-c max_connections=100)
        pg_start
        echo "url $(pg_url)"
        while read -r order; do
          case $order in
            crash) kill -QUIT "$(head -1 "$PG_HOME/data/postmaster.pid")"; pg_stop ;;
            stop) pg_stop ;;
            start) pg_launch ;;
          esac
          echo "done $order"
        done
        pg_stop
        rm -rf -- "$2"
        """;

    private readonly Process _guardian;

    private readonly ConcurrentQueue<string> _messages = new();

    private PrivatePostgres(Process guardian)
    {
        _guardian = guardian;
        _guardian.ErrorDataReceived += (_, e) => _messages.Enqueue(e.Data ?? "");
        _guardian.BeginErrorReadLine();
    }

    public string Url { get; private set; } = "";

    /// <param name="directory">Where the cluster is made; must be reachable for an unprivileged user.</param>
    public static async Task<PrivatePostgres> StartAsync(string directory)
    {
        var start = new ProcessStartInfo("setsid", ["--wait", "bash", "-c", Guardian, "guardian", Workplace.Root, directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var postgres = new PrivatePostgres(Process.Start(start)!);
        postgres.Url = (await postgres.AnswerAsync("url")).Split(' ')[1];
        return postgres;
    }

    /// <summary>Immediate shutdown (SIGQUIT): the server recovers from its log at the next start, as after a crash.</summary>
    public Task CrashAsync() => OrderAsync("crash");

    public Task StopAsync() => OrderAsync("stop");

    public Task StartAgainAsync() => OrderAsync("start");

    public async ValueTask DisposeAsync()
    {
        _guardian.StandardInput.Close();
        await _guardian.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        _guardian.Dispose();
    }

    private async Task OrderAsync(string order)
    {
        await _guardian.StandardInput.WriteLineAsync(order);
        await _guardian.StandardInput.FlushAsync();
        await AnswerAsync("done " + order);
    }

    private async Task<string> AnswerAsync(string start)
    {
        var line = await _guardian.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(150));
        return line is not null && line.StartsWith(start, StringComparison.Ordinal)
            ? line
            : throw new InvalidOperationException($"The private PostgreSQL answered '{line}' instead of '{start}': {string.Join('\n', _messages)}");
    }
}
