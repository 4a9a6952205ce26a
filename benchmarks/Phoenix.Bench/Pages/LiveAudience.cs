using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Phoenix.Api.Live;

namespace Phoenix.Bench.Pages;

/// <param name="At">From when on it could be told.</param>
sealed record Change(Guid Stream, long Version, DateTimeOffset At);

/// <param name="LatenciesMs">Of each change at each client that has heard of it.</param>
/// <param name="Lost">Changes that a client has not heard of, added up over clients.</param>
sealed record Heard(IReadOnlyList<double> LatenciesMs, int Lost);

/// <summary>Clients of a live hub over WebSockets, as many dashboards are; all of them in this process.</summary>
sealed class LiveAudience : IAsyncDisposable
{
    const int ConnectingAtOnce = 32;

    sealed class Client(HubConnection connection)
    {
        public HubConnection Connection => connection;
        public Lock Lock { get; } = new();
        public List<(LiveMessage Message, DateTimeOffset At)> Messages { get; } = [];
    }

    readonly List<Client> _clients = [];

    public int Count => _clients.Count;

    /// <summary>Connections that are open.</summary>
    public int Connected => _clients.Count(c => c.Connection.State == HubConnectionState.Connected);

    /// <param name="tokens">One for each client; null for one without.</param>
    public static async Task<LiveAudience> Connect(string url, IEnumerable<string?> tokens)
    {
        var audience = new LiveAudience();
        foreach (var token in tokens)
        {
            var client = new Client(new HubConnectionBuilder().WithUrl(new Uri(url + LiveHub.Path), options =>
            {
                options.Transports = HttpTransportType.WebSockets;
                options.SkipNegotiation = true;
                if (token is not null) options.AccessTokenProvider = () => Task.FromResult<string?>(token);
            }).Build());
            client.Connection.On<LiveMessage>(LiveHub.Method, message =>
            {
                var now = DateTimeOffset.UtcNow;
                lock (client.Lock) client.Messages.Add((message, now));
            });
            audience._clients.Add(client);
        }
        await Parallel.ForEachAsync(audience._clients, new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce }, async (client, stop) => await client.Connection.StartAsync(stop));
        return audience;
    }

    /// <summary>Waits until each client was told to read everything: from then on it is told of every change.</summary>
    public Task Welcomed() => Until(() => _clients.TrueForAll(c =>
    {
        lock (c.Lock) return c.Messages.Exists(m => m.Message.Type == LiveMessage.Everything);
    }), TimeSpan.FromMinutes(1), "every live client to be welcomed");

    /// <summary>Once everybody has heard of the changes, or has not within the time.</summary>
    public async Task<Heard> Hear(IReadOnlyCollection<Change> changes, TimeSpan within)
    {
        var limit = DateTimeOffset.UtcNow + within;
        while (true)
        {
            var heard = Of(changes);
            if (heard.Lost == 0 || DateTimeOffset.UtcNow > limit) return heard;
            await Task.Delay(100);
        }
    }

    Heard Of(IReadOnlyCollection<Change> changes)
    {
        var wanted = changes.ToDictionary(c => c.Stream);
        List<double> latencies = [];
        foreach (var client in _clients)
        {
            HashSet<Guid> told = [];
            lock (client.Lock)
                foreach (var (message, at) in client.Messages)
                    if (wanted.TryGetValue(message.Id, out var change) && message.Version >= change.Version && told.Add(message.Id))
                        latencies.Add((at - change.At).TotalMilliseconds);
        }
        return new(latencies, changes.Count * _clients.Count - latencies.Count);
    }

    static async Task Until(Func<bool> reached, TimeSpan limit, string what)
    {
        var end = DateTimeOffset.UtcNow + limit;
        while (!reached())
        {
            if (DateTimeOffset.UtcNow > end) throw new InvalidOperationException($"Waited {limit.TotalSeconds:0} s for {what}.");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync() =>
        await Parallel.ForEachAsync(_clients, new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce }, async (client, _) => await client.Connection.DisposeAsync());
}
