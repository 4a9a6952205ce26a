using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Phoenix.FleetSimulator;

/// <summary>Where requests go. Plain HTTP only: what is measured is the control plane, not the TLS of this process.</summary>
internal sealed record HttpTarget(IPEndPoint EndPoint, string Authority)
{
    public static async Task<HttpTarget> Resolve(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttp) throw new ArgumentException($"The simulator speaks http only, not {url.Scheme}.");
        var addresses = await Dns.GetHostAddressesAsync(url.DnsSafeHost, AddressFamily.InterNetwork);
        return new(new(addresses[0], url.Port), url.Authority);
    }
}

/// <summary>One answer.</summary>
/// <param name="RetryAfterSeconds">Null where the header is absent.</param>
/// <param name="Body">Lies in the connection's buffer until <see cref="HttpConnection.Release"/> or the next request.</param>
internal readonly record struct HttpAnswer(int Status, double? RetryAfterSeconds, ReadOnlyMemory<byte> Body);

/// <summary>No whole answer came. The request may have been carried out or not.</summary>
internal sealed class ExchangeException(string code, Exception? inner = null) : Exception(code, inner)
{
    /// <summary>Short and stable, to be counted by.</summary>
    public string Code => Message;
}

/// <summary>
/// An HTTP/1.1 connection that costs little while it waits: it holds no buffer until the first byte of an answer is there, and
/// no timer of its own (<see cref="CloseIfLate"/> is called from one loop for all connections). One request at a time.
/// </summary>
internal sealed class HttpConnection(HttpTarget target, IPAddress? source) : IDisposable
{
    const int FirstBuffer = 4096;
    const int MaxAnswer = 16 << 20;
    const int BindAddressNoPort = 24;

    Socket? _socket;
    byte[] _buffer = [];
    int _end;
    long _deadline = long.MaxValue;
    volatile bool _late;

    public bool IsOpen => _socket is not null;

    public async ValueTask Open(CancellationToken stop)
    {
        Close();
        Socket? socket = null;
        try
        {
            socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (source is not null)
            {
                // Else bind takes a port that is free on the whole address, though only the pair with the target must be.
                socket.SetRawSocketOption(0, BindAddressNoPort, BitConverter.GetBytes(1));
                socket.Bind(new IPEndPoint(source, 0));
            }
            await socket.ConnectAsync(target.EndPoint, stop);
            _late = false;
            _socket = socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new ExchangeException($"connect-{e.SocketErrorCode}", e);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>Sends one request and reads its whole answer. After an exception the connection is closed.</summary>
    /// <param name="head">Method, path and headers, each line ended; without the empty line and without those of the body.</param>
    /// <param name="patience">How long until <see cref="CloseIfLate"/> ends it.</param>
    public async ValueTask<HttpAnswer> Exchange(string requestLine, byte[] head, ReadOnlyMemory<byte> body, TimeSpan patience)
    {
        Release();
        var socket = _socket ?? throw new ExchangeException("not-connected");
        Volatile.Write(ref _deadline, Environment.TickCount64 + (long)patience.TotalMilliseconds);
        try
        {
            await Send(socket, requestLine, head, body);
            return await Receive(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or ExchangeException or OperationCanceledException)
        {
            Close();
            if (_late) throw new ExchangeException("timeout", e);
            throw e switch
            {
                ExchangeException => e,
                SocketException s => new ExchangeException($"socket-{s.SocketErrorCode}", e),
                _ => new ExchangeException("closed-here", e),
            };
        }
        finally
        {
            Volatile.Write(ref _deadline, long.MaxValue);
        }
    }

    /// <summary>Gives the buffer with the last answer's body back.</summary>
    public void Release()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _end = 0;
    }

    /// <summary>May be called from another thread; the exchange under way then fails.</summary>
    public void CloseIfLate(long now)
    {
        if (now < Volatile.Read(ref _deadline)) return;
        _late = true;
        Abort();
    }

    /// <summary>Ends the exchange under way from another thread; its own thread puts the buffer back.</summary>
    public void Abort() => _socket?.Dispose();

    public void Close()
    {
        Interlocked.Exchange(ref _socket, null)?.Dispose();
        Release();
    }

    public void Dispose() => Close();

    static async ValueTask Send(Socket socket, string requestLine, byte[] head, ReadOnlyMemory<byte> body)
    {
        var last = body.IsEmpty ? "\r\n" : string.Create(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        // In one buffer and so in one segment, as far as it fits: the server reads a request in one go.
        var buffer = ArrayPool<byte>.Shared.Rent(requestLine.Length + head.Length + last.Length + body.Length);
        try
        {
            var length = Encoding.ASCII.GetBytes(requestLine, buffer);
            head.CopyTo(buffer, length);
            length += head.Length;
            length += Encoding.ASCII.GetBytes(last, buffer.AsSpan(length));
            body.Span.CopyTo(buffer.AsSpan(length));
            length += body.Length;
            for (var sent = 0; sent < length;) sent += await socket.SendAsync(buffer.AsMemory(sent, length - sent));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    async ValueTask<HttpAnswer> Receive(Socket socket)
    {
        // Completes when there is something to read; until then a waiting poll costs no buffer.
        await socket.ReceiveAsync(Memory<byte>.Empty);
        var head = await ReadHead(socket, 0);
        // Interim answers (1xx) come before the real one.
        while (head.Status < 200) head = await ReadHead(socket, head.End);

        var (begin, length, next) = (head.End, 0, head.End);
        var closes = head.Closes;
        if (head.Status is 204 or 304) { }
        else if (head.Chunked) (length, next) = await ReadChunks(socket, begin);
        else if (head.Length is { } known)
        {
            await Ensure(socket, begin + known);
            (length, next) = (known, begin + known);
        }
        else
        {
            while (await Fill(socket, mayEnd: true)) { }
            (length, next, closes) = (_end - begin, _end, true);
        }
        if (next != _end) throw new ExchangeException("answer-too-long");
        // The buffer with the body outlives the socket.
        if (closes) Interlocked.Exchange(ref _socket, null)?.Dispose();
        return new(head.Status, head.RetryAfter, _buffer.AsMemory(begin, length));
    }

    async ValueTask<HttpHead> ReadHead(Socket socket, int begin)
    {
        int length;
        while ((length = _buffer.AsSpan(begin, _end - begin).IndexOf("\r\n\r\n"u8)) < 0) await Fill(socket);
        return HttpHead.Parse(_buffer.AsSpan(begin, length), begin + length + 4);
    }

    /// <summary>Puts the chunks' contents together where the first chunk began.</summary>
    /// <returns>Length of the contents, and where the next answer would begin.</returns>
    async ValueTask<(int Length, int Next)> ReadChunks(Socket socket, int begin)
    {
        var (read, written) = (begin, begin);
        while (true)
        {
            var lineEnd = await LineEnd(socket, read);
            var size = HttpHead.ChunkSize(_buffer.AsSpan(read, lineEnd - read), MaxAnswer);
            read = lineEnd + 2;
            if (size == 0) break;
            await Ensure(socket, read + size + 2);
            if (!_buffer.AsSpan(read + size, 2).SequenceEqual("\r\n"u8)) throw new ExchangeException("chunk-malformed");
            _buffer.AsSpan(read, size).CopyTo(_buffer.AsSpan(written));
            written += size;
            read += size + 2;
        }
        // Trailers until an empty line.
        while (true)
        {
            var lineEnd = await LineEnd(socket, read);
            var empty = lineEnd == read;
            read = lineEnd + 2;
            if (empty) return (written - begin, read);
        }
    }

    async ValueTask<int> LineEnd(Socket socket, int from)
    {
        int length;
        while ((length = _buffer.AsSpan(from, _end - from).IndexOf("\r\n"u8)) < 0) await Fill(socket);
        return from + length;
    }

    async ValueTask Ensure(Socket socket, int end)
    {
        while (_end < end) await Fill(socket);
    }

    async ValueTask<bool> Fill(Socket socket, bool mayEnd = false)
    {
        if (_end == _buffer.Length) Grow();
        var count = await socket.ReceiveAsync(_buffer.AsMemory(_end));
        _end += count;
        return count > 0 || (mayEnd ? false : throw new ExchangeException(_end == 0 ? "closed-by-server" : "answer-cut-off"));
    }

    void Grow()
    {
        if (_buffer.Length >= MaxAnswer) throw new ExchangeException("answer-too-large");
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBuffer, _buffer.Length * 2));
        _buffer.AsSpan(0, _end).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
