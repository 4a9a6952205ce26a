using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Phoenix.Collector.Http;

/// <summary>
/// Socket buffers of 64 KiB in place of Kestrel's 4 KiB: a batch of a megabyte then takes a sixteenth of the system calls.
/// </summary>
internal static class LargeBlocks
{
    /// <summary>Makes a transport use large blocks. There is no public way; a test fails where the property is no longer there.</summary>
    public static void Use(SocketTransportOptions transport) => SetMemoryPoolFactory(transport, new Factory());

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_MemoryPoolFactory")]
    private static extern void SetMemoryPoolFactory(SocketTransportOptions options, IMemoryPoolFactory<byte> factory);

    private sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();
    }

    private sealed class Pool : MemoryPool<byte>
    {
        private const int BlockBytes = 64 << 10;

        // What a pool keeps after a burst: 2 MiB. More is left to the collector.
        private const int MostKept = 32;

        private readonly ConcurrentQueue<byte[]> _kept = new();
        private bool _disposed;

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            return new Block(this, _kept.TryDequeue(out var kept) ? kept : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
        }

        protected override void Dispose(bool disposing)
        {
            _disposed = true;
            _kept.Clear();
        }

        private void Return(byte[] bytes)
        {
            if (!_disposed && _kept.Count < MostKept)
            {
                _kept.Enqueue(bytes);
            }
        }

        private sealed class Block(Pool pool, byte[] bytes) : IMemoryOwner<byte>
        {
            private byte[]? _bytes = bytes;

            public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
                {
                    pool.Return(bytes);
                }
            }
        }
    }
}
