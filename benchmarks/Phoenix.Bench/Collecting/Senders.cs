using System.Net;
using System.Net.Http.Headers;

namespace Phoenix.Bench.Collecting;

/// <summary>Clients that post bodies over a few connections; what is turned away for now they send again.</summary>
sealed class Senders : IDisposable
{
    const int Connections = 4;

    // What a queue of a few batches needs to make room.
    static readonly TimeSpan backOff = TimeSpan.FromMilliseconds(20);

    readonly HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { Timeout = TimeSpan.FromMinutes(2) };
    readonly Uri target;
    readonly string? coding;
    long turnedAway;

    /// <param name="coding">Content-Encoding of the bodies; null where they are not compressed.</param>
    public Senders(Uri target, string? coding = null) => (this.target, this.coding) = (target, coding);

    /// <summary>Bodies that were answered 503 or 429, and sent again.</summary>
    public long TurnedAway => Interlocked.Read(ref turnedAway);

    /// <summary>Sends all and waits for the last answer.</summary>
    /// <param name="body">Called for each index shortly before its body is sent.</param>
    /// <exception cref="InvalidOperationException">A body was refused for good.</exception>
    public Task SendAsync(int count, Func<int, ReadOnlyMemory<byte>> body) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (i, stop) => await PostAsync(body(i), stop));

    public void Dispose() => client.Dispose();

    async Task PostAsync(ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        while (true)
        {
            using var content = new ReadOnlyMemoryContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            if (coding is not null) content.Headers.ContentEncoding.Add(coding);
            using var response = await client.PostAsync(target, content, stop);
            if (response.IsSuccessStatusCode) return;
            if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                throw new InvalidOperationException($"{target} refused a body with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(stop)}");
            Interlocked.Increment(ref turnedAway);
            await Task.Delay(backOff, stop);
        }
    }
}
