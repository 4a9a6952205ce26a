using System.Buffers;
using Snappier;

namespace Phoenix.Telemetry;

/// <summary>The snappy block format of remote write bodies, with bounded memory.</summary>
internal static class SnappyBody
{
    // A three-byte copy makes at most 64 bytes.
    private const long HighestRatio = 22;

    /// <summary>Uncompresses into the buffer, which grows where it is too small.</summary>
    /// <returns>Bytes uncompressed.</returns>
    /// <exception cref="RemoteWriteSizeException">More than the limit.</exception>
    /// <exception cref="RemoteWriteFormatException">The body is not snappy.</exception>
    public static int Decompress(ReadOnlySpan<byte> body, int limit, ref byte[] buffer)
    {
        var claimed = ClaimedLength(body);
        if (claimed > limit)
            throw new RemoteWriteSizeException($"the body has {claimed} bytes uncompressed where {limit} are allowed");
        // The claim costs a sender five bytes: no memory is given for one that snappy cannot keep.
        if (claimed > HighestRatio * body.Length + 64)
            throw new RemoteWriteFormatException($"{body.Length} bytes of snappy cannot hold the {claimed} bytes that they claim", -1);
        if (buffer.Length < claimed)
            buffer = new byte[Math.Max((int)claimed, (int)Math.Min(limit, buffer.Length * 2L))];
        try
        {
            return Snappy.Decompress(body, buffer);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or ArgumentException)
        {
            throw new RemoteWriteFormatException("the body is no valid snappy block", -1);
        }
    }

    public static void Compress(ReadOnlySpan<byte> request, ArrayBufferWriter<byte> target)
    {
        var room = target.GetSpan(Snappy.GetMaxCompressedLength(request.Length));
        target.Advance(Snappy.Compress(request, room));
    }

    /// <summary>What a body says that it has uncompressed; its own length where it says nothing that can be.</summary>
    public static int LengthOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return (int)Math.Clamp(ClaimedLength(body), body.Length, HighestRatio * body.Length + 64);
        }
        catch (RemoteWriteFormatException)
        {
            return body.Length;
        }
    }

    private static long ClaimedLength(ReadOnlySpan<byte> body)
    {
        long claimed = 0;
        for (var i = 0; i < 5 && i < body.Length; i++)
        {
            claimed |= (long)(body[i] & 0x7F) << (7 * i);
            if (body[i] < 0x80)
                return claimed;
        }

        throw new RemoteWriteFormatException("the body does not begin with its uncompressed length, as snappy does", -1);
    }
}
