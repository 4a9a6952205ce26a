using System.Buffers.Binary;

namespace Phoenix.Collector.Tee;

/// <summary>Kinds of frames on the tee's socket.</summary>
internal enum TeeFrameType : byte
{
    /// <summary>16 bytes epoch, i64 number of the window that is open. First on a connection, and again after a reload.</summary>
    Hello = 1,

    /// <summary>i64 sequence, i64 Unix nanoseconds, OTLP bytes.</summary>
    Batch = 2,

    /// <summary>i64 window closed, i64 Unix nanoseconds, i64 first sequence, i64 last sequence, i64 batches dropped for this subscriber.</summary>
    Cut = 3,
}

/// <summary>A window closed by the production arm. <paramref name="First"/> and <paramref name="Last"/> are 0 where it held no batch.</summary>
internal readonly record struct TeeCut(long Window, long UnixNanos, long First, long Last, long Dropped);

/// <summary>The tee's frames: <c>u32 length of the rest | u8 type | payload</c>, little-endian.</summary>
internal static class TeeFrame
{
    /// <summary>Length field and type.</summary>
    public const int HeaderLength = 5;

    /// <summary>What stands before the OTLP bytes of a batch.</summary>
    public const int BatchPrefix = 16;

    private const int HelloLength = 24;
    private const int CutLength = 40;

    /// <summary>A longer frame is a broken peer, not a batch: receivers bound batches well below.</summary>
    public const int MaxLength = 1 << 29;

    public static byte[] Hello(Guid epoch, long openWindow)
    {
        var frame = Frame(TeeFrameType.Hello, HelloLength);
        epoch.TryWriteBytes(frame.AsSpan(HeaderLength));
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(HeaderLength + 16), openWindow);
        return frame;
    }

    public static byte[] Cut(TeeCut cut)
    {
        var frame = Frame(TeeFrameType.Cut, CutLength);
        var payload = frame.AsSpan(HeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(payload, cut.Window);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], cut.UnixNanos);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], cut.First);
        BinaryPrimitives.WriteInt64LittleEndian(payload[24..], cut.Last);
        BinaryPrimitives.WriteInt64LittleEndian(payload[32..], cut.Dropped);
        return frame;
    }

    /// <summary>Everything of a batch frame that stands before its OTLP bytes.</summary>
    public static byte[] BatchHeader(long sequence, long unixNanos, int length)
    {
        var header = new byte[HeaderLength + BatchPrefix];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(1 + BatchPrefix + length));
        header[4] = (byte)TeeFrameType.Batch;
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(HeaderLength), sequence);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(HeaderLength + 8), unixNanos);
        return header;
    }

    /// <exception cref="InvalidDataException">No frame of this protocol.</exception>
    public static (TeeFrameType Type, int PayloadLength) ReadHeader(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var type = (TeeFrameType)header[4];
        var valid = type switch
        {
            TeeFrameType.Hello => length == 1 + HelloLength,
            TeeFrameType.Batch => length is >= 1 + BatchPrefix and <= MaxLength,
            TeeFrameType.Cut => length == 1 + CutLength,
            _ => false,
        };
        return valid ? (type, (int)length - 1) : throw new InvalidDataException($"no tee frame: type {(byte)type}, length {length}");
    }

    public static (Guid Epoch, long OpenWindow) ReadHello(ReadOnlySpan<byte> payload) =>
        (new Guid(payload[..16]), BinaryPrimitives.ReadInt64LittleEndian(payload[16..]));

    public static TeeCut ReadCut(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadInt64LittleEndian(payload),
        BinaryPrimitives.ReadInt64LittleEndian(payload[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(payload[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(payload[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(payload[32..]));

    private static byte[] Frame(TeeFrameType type, int payload)
    {
        var frame = new byte[HeaderLength + payload];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)(1 + payload));
        frame[4] = (byte)type;
        return frame;
    }
}
