using System.Text.Json;
using System.Threading.Channels;

namespace Phoenix.FleetSimulator;

/// <summary>Standard output, one JSON line for each event. Agents hand lines over and never wait for the reader.</summary>
internal sealed class Output : IAsyncDisposable
{
    readonly Channel<byte[]> _lines = Channel.CreateUnbounded<byte[]>(new() { SingleReader = true });
    readonly Task _writing;

    public Output() => _writing = WriteAll();

    public void Write(Event line) => _lines.Writer.TryWrite(JsonSerializer.SerializeToUtf8Bytes(line, line.GetType(), SimulatorJson.Default));

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing;
    }

    async Task WriteAll()
    {
        await using var stream = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var line))
            {
                await stream.WriteAsync(line);
                stream.WriteByte((byte)'\n');
            }
            // Whoever measures latency reads a line as soon as nothing else waits to be written.
            await stream.FlushAsync();
        }
    }
}
