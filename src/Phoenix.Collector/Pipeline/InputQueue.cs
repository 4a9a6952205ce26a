using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>One thing for the pipeline thread to do: a batch to process, or an action between batches.</summary>
/// <param name="UnixNanos">When it entered the queue; in the candidate, when the production arm took it.</param>
/// <param name="Sequence">The production arm's number of the batch, where it comes from the tee; else 0.</param>
/// <param name="Decoder">What decoded the batch where it came in, if its tables travel with it: see <see cref="DecoderPool"/>.</param>
internal readonly record struct Work(SharedBytes? Batch, long UnixNanos, long Sequence, Action? Action, BatchDecoder? Decoder = null);

/// <summary>
/// The only way into the pipeline thread: batches and actions in one order. Batches are bounded by number and bytes, so
/// that a slow pipeline refuses senders instead of growing; actions always get in.
/// </summary>
internal sealed class InputQueue(int maxBatches, long maxBytes)
{
    // Bounds how long a clock that was set back can delay the marks.
    private const int LongestWaitMilliseconds = 1_000;

    // A monitor, not a Lock: the pipeline thread waits on it for items, the tee's reader for room.
    private readonly object _gate = new();
    private readonly Queue<Work> _items = new();
    private int _batches;
    private long _bytes;
    private bool _completed;
    private volatile bool _refusing;
    private TaskCompletionSource? _moved;
    // Whether the batches wait for room behind the pipeline, which a sender cannot wait for.
    private bool _held;

    /// <summary>Whether senders are refused for another reason than a full queue.</summary>
    public bool IsRefusing => _refusing;

    /// <summary>Bytes of the batches waiting now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public int MaxBatches => maxBatches;

    /// <summary>Batches waiting now.</summary>
    public int Batches => Volatile.Read(ref _batches);

    /// <summary>Takes the caller's hold on the batch over, or leaves it to the caller where the queue is full or closed.</summary>
    public bool TryEnqueue(SharedBytes batch, long unixNanos, BatchDecoder? decoder = null)
    {
        lock (_gate)
        {
            return !_refusing && Admit(batch, unixNanos, 0, decoder);
        }
    }

    /// <summary>
    /// Waits a moment for room where the queue is full, so that a pipeline which is only behind makes its senders wait instead
    /// of checking batches that it then turns away. There may be no room after it all the same. Nothing is waited for where full
    /// exporters hold the input.
    /// </summary>
    public async ValueTask RoomAsync(int bytes, TimeSpan longest)
    {
        var until = Environment.TickCount64 + (long)longest.TotalMilliseconds;
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_completed || _refusing || _held || HasRoomFor(bytes))
                {
                    return;
                }

                moved = (_moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            // All that wait are woken by each batch that goes; who comes too late waits on.
            var left = until - Environment.TickCount64;
            if (left <= 0)
            {
                return;
            }

            await moved.WaitAsync(TimeSpan.FromMilliseconds(left)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Turns away what <see cref="TryEnqueue"/> brings, until told otherwise.</summary>
    public void Refuse(bool refuse) => _refusing = refuse;

    /// <summary>Waits for room. For the tee, whose back-pressure is the socket.</summary>
    /// <returns>False where the queue was closed; the batch is then the caller's.</returns>
    public bool EnqueueWhenRoom(SharedBytes batch, long unixNanos, long sequence)
    {
        lock (_gate)
        {
            while (!Admit(batch, unixNanos, sequence))
            {
                if (_completed)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            return true;
        }
    }

    /// <returns>False where the queue is closed: the action will not run.</returns>
    public bool Enqueue(Action action, long unixNanos)
    {
        lock (_gate)
        {
            if (_completed)
            {
                return false;
            }

            _items.Enqueue(new Work(null, unixNanos, 0, action));
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Nothing gets in any more; what is inside can still be taken.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Takes the next item that entered by <paramref name="due"/>. Returns null once that time has come, even where younger
    /// items wait: a mark at <paramref name="due"/> belongs before them. Where that time is still ahead nothing is held back,
    /// not even what carries a later time from before the clock was set back. Also returns null after a second without an
    /// item, so that the caller can look at the clock again.
    /// </summary>
    /// <param name="hasRoom">
    /// Whether what batches become can be taken further on; while it cannot, batches stay in the queue, which so fills up and
    /// refuses senders, and only actions are taken. Null where it always can. Not asked once the queue is closed.
    /// </param>
    /// <param name="drained">True where the queue is closed and empty.</param>
    public Work? Take(long due, Func<bool>? hasRoom, out bool drained)
    {
        lock (_gate)
        {
            while (true)
            {
                drained = _completed && _items.Count == 0;
                if (drained)
                {
                    return null;
                }

                _held = _items.Count > 0 && !_completed && hasRoom is not null && !hasRoom();
                if (_held)
                {
                    if (DequeueAction() is { } action)
                    {
                        return action;
                    }
                }
                else if (_items.TryPeek(out var next))
                {
                    return next.UnixNanos <= due || due > Clock.UnixNanos() ? Dequeue() : null;
                }

                var left = due - Clock.UnixNanos();
                if (left <= 0)
                {
                    return null;
                }

                // Rounded up, so that the last wait does not end just before the mark and spin.
                if (!Monitor.Wait(_gate, (int)Math.Min(left / 1_000_000 + 1, LongestWaitMilliseconds)))
                {
                    drained = false;
                    return null;
                }
            }
        }
    }

    /// <summary>Makes a waiting <see cref="Take"/> ask again whether there is room.</summary>
    public void RoomMade()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The first action, past the batches that stand before it; they keep their order.</summary>
    private Work? DequeueAction()
    {
        Work? first = null;
        for (var left = _items.Count; left > 0; left--)
        {
            var item = _items.Dequeue();
            if (first is null && item.Action is not null)
            {
                first = item;
            }
            else
            {
                _items.Enqueue(item);
            }
        }

        return first;
    }

    private bool Admit(SharedBytes batch, long unixNanos, long sequence, BatchDecoder? decoder = null)
    {
        if (_completed || !HasRoomFor(batch.Length))
        {
            return false;
        }

        _batches++;
        _bytes += batch.Length;
        _items.Enqueue(new Work(batch, unixNanos, sequence, null, decoder));
        Monitor.PulseAll(_gate);
        return true;
    }

    // One batch always fits, however large: its receiver bounds it.
    private bool HasRoomFor(int bytes) => _batches < maxBatches && (_batches == 0 || _bytes + bytes <= maxBytes);

    private Work Dequeue()
    {
        var item = _items.Dequeue();
        if (item.Batch is { } batch)
        {
            _batches--;
            _bytes -= batch.Length;
            _moved?.SetResult();
            _moved = null;
            Monitor.PulseAll(_gate);
        }

        return item;
    }
}
