using System.Buffers;

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
/// The buffer counts against the budget of all bodies until it is disposed or handed over.
/// </summary>
internal sealed class BoundedBody(long maxBytes, ByteBudget budget) : IDisposable
{
    private const int FirstBytes = 16 << 10;
    private byte[]? _buffer;
    private int _length;

    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="knownLength">What it will have where that is known, so that no buffer is grown on the way.</param>
    /// <exception cref="InvalidDataException">The bytes are not in the coding that they are said to be in.</exception>
    public async Task<BodyOutcome> ReadAsync(Stream source, long? knownLength, ContentCoding coding, CancellationToken stop)
    {
        await using var inflating = coding.Inflate(source);
        if (!Grow(coding == ContentCoding.Identity && knownLength is { } known and > 0 ? known + 1 : FirstBytes))
        {
            return BodyOutcome.NoRoom;
        }

        while (true)
        {
            if (_length == _buffer!.Length && !Grow(_buffer.Length * 2L))
            {
                return BodyOutcome.NoRoom;
            }

            var read = await ReadSomeAsync(inflating ?? source, coding, stop);
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

    /// <summary>Gives the content away, without copying it. What holds it then must be bounded too.</summary>
    public SharedBytes HandOver()
    {
        var buffer = _buffer ?? throw new InvalidOperationException("Nothing was read.");
        _buffer = null;
        budget.Return(buffer.Length);
        return SharedBytes.Own(buffer, _length);
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

    private async ValueTask<int> ReadSomeAsync(Stream stream, ContentCoding coding, CancellationToken stop)
    {
        try
        {
            return await stream.ReadAsync(_buffer.AsMemory(_length), stop);
        }
        catch (Exception e) when (coding != ContentCoding.Identity && ContentCodings.IsMalformed(e))
        {
            throw new InvalidDataException($"the body is no valid {coding.ToString().ToLowerInvariant()}", e);
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
