using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Phoenix.Collector.Receivers;

/// <summary>What came of reading a request's body.</summary>
internal enum BodyOutcome
{
    Whole,

    /// <summary>Longer than one request may be.</summary>
    TooLarge,

    /// <summary>All bodies together would hold too much: the sender should try again.</summary>
    NoRoom,
}

/// <summary>
/// One request's body in a pooled buffer, inflated, and never beyond the bound, however small the compressed request was.
/// The buffer counts against the budget of all bodies until it is disposed.
/// </summary>
internal sealed class BoundedBody(long maxBytes, ByteBudget budget) : IDisposable
{
    private const int FirstBytes = 16 << 10;
    private byte[]? _buffer;
    private int _length;

    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <exception cref="InvalidDataException">The body is no gzip although it is said to be.</exception>
    public async Task<BodyOutcome> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        await using var inflating = request.Headers.ContentEncoding.ToString() == "gzip"
            ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true)
            : null;
        var source = inflating ?? request.Body;
        if (!Grow(request.ContentLength is { } known and > 0 ? known + 1 : FirstBytes))
        {
            return BodyOutcome.NoRoom;
        }

        while (true)
        {
            if (_length == _buffer!.Length && !Grow(_buffer.Length * 2L))
            {
                return BodyOutcome.NoRoom;
            }

            var read = await source.ReadAsync(_buffer.AsMemory(_length), stop);
            if (read == 0)
            {
                return BodyOutcome.Whole;
            }

            _length += read;
            if (_length > maxBytes)
            {
                return BodyOutcome.TooLarge;
            }
        }
    }

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            budget.Return(buffer.Length);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Takes a larger buffer. The old one counts until it is copied.</summary>
    private bool Grow(long bytes)
    {
        // One byte beyond the bound, so that a body of exactly the bound is told from a longer one.
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes, maxBytes + 1));
        if (!budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        Content.CopyTo(larger);
        Dispose();
        _buffer = larger;
        return true;
    }
}
