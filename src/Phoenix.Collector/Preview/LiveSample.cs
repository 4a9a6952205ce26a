using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Collector.Preview;

/// <summary>The recent input of a collector that runs.</summary>
internal static class LiveSample
{
    /// <exception cref="InvalidDataException">There is no sample; the message says what to do.</exception>
    public static async Task<Sample> FetchAsync(string socketPath)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), stop);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri("http://collector"),
            Timeout = TimeSpan.FromSeconds(20),
        };
        try
        {
            using var response = await client.GetAsync(CollectorControl.Sample);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return Sample.Open(new MemoryStream(await response.Content.ReadAsByteArrayAsync()), "live");
            }

            var problem = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(), WireJson.Default.Problem);
            throw new InvalidDataException($"the collector at {socketPath} gives no sample: {problem?.Detail ?? response.StatusCode.ToString()}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            throw new InvalidDataException($"no collector answers at {socketPath}: {e.Message}; give the control socket of a running production arm", e);
        }
    }
}
