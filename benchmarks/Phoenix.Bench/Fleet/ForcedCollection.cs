using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Phoenix.Bench.Fleet;

/// <summary>
/// Makes another .NET process collect its garbage, as dotnet-gcdump does: over its diagnostics socket an event session is opened whose keyword
/// GCHeapCollect asks for a full collection (dotnet/diagnostics, documentation/design-docs/ipc-protocol.md). Memory that is held then is memory that is needed.
/// </summary>
static class ForcedCollection
{
    const byte EventPipe = 2, StopTracing = 1, CollectTracing2 = 3, Ok = 0, Server = 0xFF;
    const ulong HeapCollect = 0x80_0000;
    const int HeaderLength = 20, Informational = 4, NetTrace = 1;

    /// <summary>Returns when the process has collected and given back what it is going to give back at once.</summary>
    public static async Task Of(int processId)
    {
        // Twice: what the first leaves to finalizers the second takes.
        for (var i = 0; i < 2; i++)
        {
            using var session = await Connect(processId);
            var payload = new MemoryStream();
            await using (var writer = new BinaryWriter(payload, Encoding.Unicode, leaveOpen: true))
            {
                writer.Write(16); // MB of buffer
                writer.Write(NetTrace);
                writer.Write(false); // no rundown
                writer.Write(1); // one provider
                writer.Write(HeapCollect);
                writer.Write(Informational);
                Write(writer, "Microsoft-Windows-DotNETRuntime");
                Write(writer, "");
            }
            await Send(session, CollectTracing2, payload.ToArray());
            var id = await ReadAnswer(session);
            // The collection is done by the thread that opens the session; what comes out of it is of no interest.
            var drained = Drain(session);
            await Task.Delay(TimeSpan.FromSeconds(1));
            using (var stop = await Connect(processId))
            {
                await Send(stop, StopTracing, BitConverter.GetBytes(id));
                await ReadAnswer(stop);
            }
            await drained;
        }
    }

    static async Task<Socket> Connect(int processId)
    {
        var path = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{processId}-*-socket").OrderDescending(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new InvalidOperationException($"Process {processId} has no diagnostics socket in {Path.GetTempPath()}; is DOTNET_EnableDiagnostics off?");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    static void Write(BinaryWriter writer, string text)
    {
        writer.Write(text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text + '\0'));
    }

    static async Task Send(Socket socket, byte command, byte[] payload)
    {
        var message = new byte[HeaderLength + payload.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        (message[16], message[17]) = (EventPipe, command);
        payload.CopyTo(message, HeaderLength);
        for (var sent = 0; sent < message.Length;) sent += await socket.SendAsync(message.AsMemory(sent));
    }

    static async Task<ulong> ReadAnswer(Socket socket)
    {
        var answer = new byte[HeaderLength + 8];
        for (var read = 0; read < answer.Length;)
        {
            var count = await socket.ReceiveAsync(answer.AsMemory(read));
            if (count == 0) throw new InvalidOperationException("The diagnostics socket was closed.");
            read += count;
        }
        return answer[16] == Server && answer[17] == Ok
            ? BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(HeaderLength))
            : throw new InvalidOperationException($"The diagnostics server refused: {Convert.ToHexString(answer)}");
    }

    static async Task Drain(Socket socket)
    {
        var buffer = new byte[64 << 10];
        while (await socket.ReceiveAsync(buffer) > 0) { }
    }
}
