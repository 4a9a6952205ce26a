using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// Sends payloads from a queue that is bounded by number and bytes. What the backend refuses for now is tried again with
/// back-off and jitter, in order where there is one consumer; what it refuses for good, or for longer than configured, is
/// dropped and counted.
/// </summary>
/// <remarks>
/// The bound is met before a batch is made, not inside one: a queue that is not full takes the whole next batch, so that
/// it may stand above its bound by that one. An exporter that holds the input takes whatever comes: the pipeline asks
/// <see cref="IsFull"/> before it takes more.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Its token sources hold no timer and no handle, and a late limit may still cancel them.")]
internal sealed class QueuedExporter : IExporter
{
    private static readonly TimeSpan LongestDrainPause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Payload> _queue = Channel.CreateUnbounded<Payload>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly List<Payload> _made = [];
    private readonly Action _roomMade;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _consumers = [];
    private Backend _backend;
    private Task? _ended;
    private volatile CancellationTokenSource _nudge = new();
    private volatile bool _draining;
    private int _queuedBatches;
    private long _queuedBytes;
    private long _queuedPoints;

    /// <param name="holds">Whether this exporter, once full, holds the input instead of dropping.</param>
    /// <param name="roomMade">Called by a sending thread whenever the queue stops being full.</param>
    public QueuedExporter(QueuedExporterSettings settings, IBatchEncoder encoder, ITransport transport, bool holds, Action roomMade)
    {
        _roomMade = roomMade;
        _backend = new Backend(settings, encoder, transport, holds);
        AddConsumers();
    }

    public string Id => _backend.Settings.Id;

    public QueuedExporterSettings Settings => _backend.Settings;

    public ExporterCounters Counters { get; } = new();

    /// <summary>Whether the input must wait while this queue is full.</summary>
    public bool Holds => _backend.Holds;

    public bool IsFull => QueuedBatches >= Settings.Queue.Batches || QueuedBytes >= Settings.Queue.Bytes;

    /// <summary>Payloads that wait or are under way.</summary>
    public int QueuedBatches => Volatile.Read(ref _queuedBatches);

    /// <summary>Memory that they hold.</summary>
    public long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    public long QueuedPoints => Interlocked.Read(ref _queuedPoints);

    public long Export(EncodedBatch batch)
    {
        Counters.Offered(batch.Points);
        if (IsFull && !Holds)
        {
            Drop(DropReason.QueueFull, batch.Points, "the sending queue is full");
            return 0;
        }

        if (_backend.Encoder.Encode(batch, _made) is > 0 and var unsupported)
        {
            Drop(DropReason.Unsupported, unsupported, "the exporter's format cannot carry some points");
        }

        var bytes = 0L;
        foreach (var payload in _made)
        {
            bytes += payload.Bytes.Length;
            Interlocked.Increment(ref _queuedBatches);
            Interlocked.Add(ref _queuedBytes, payload.Bytes.Capacity);
            Interlocked.Add(ref _queuedPoints, payload.Points);
            if (!_queue.Writer.TryWrite(payload))
            {
                Done(payload);
                Drop(DropReason.Stopped, payload.Points, "the exporter is stopping");
            }
        }

        _made.Clear();
        return Settings.SendsAway ? bytes : 0;
    }

    /// <summary>
    /// Sends to another backend, or in another way, from now on: what is queued goes there too, in its order. Called by the
    /// pipeline thread.
    /// </summary>
    public void Reconfigure(QueuedExporterSettings settings, IBatchEncoder encoder, ITransport transport, bool holds)
    {
        Backend old;
        lock (_gate)
        {
            old = _backend;
            _backend = new Backend(settings, encoder, transport, holds);
        }

        old.Release();
        AddConsumers();
        EndPause();
        _roomMade();
    }

    /// <summary>Takes no more, and goes on until everything is sent or given up.</summary>
    public Task RetireAsync()
    {
        _queue.Writer.TryComplete();
        lock (_gate)
        {
            return _ended ??= EndAsync();
        }
    }

    public async Task DrainAsync(CancellationToken limit)
    {
        // Also ends the pauses that may be under way: the backend may be back, and there is little time.
        _draining = true;
        EndPause();
        await using var registration = limit.Register(_stop.Cancel);
        await RetireAsync();
    }

    private async Task EndAsync()
    {
        await Task.WhenAll(_consumers);
        _backend.Release();
    }

    private void AddConsumers()
    {
        lock (_gate)
        {
            _consumers.RemoveAll(c => c.IsCompleted);
            for (var number = _consumers.Count; number < Settings.Queue.Consumers; number++)
            {
                var own = number;
                _consumers.Add(Task.Run(() => ConsumeAsync(own)));
            }
        }
    }

    private async Task ConsumeAsync(int number)
    {
        await foreach (var payload in _queue.Reader.ReadAllAsync())
        {
            await DeliverAsync(payload);
            var wasFull = IsFull;
            Done(payload);
            if (wasFull && !IsFull)
            {
                _roomMade();
            }

            // A reload may have asked for fewer.
            if (number >= Settings.Queue.Consumers)
            {
                return;
            }
        }
    }

    private void Done(Payload payload)
    {
        Interlocked.Decrement(ref _queuedBatches);
        Interlocked.Add(ref _queuedBytes, -payload.Bytes.Capacity);
        Interlocked.Add(ref _queuedPoints, -payload.Points);
        payload.Bytes.Release();
    }

    private async Task DeliverAsync(Payload payload)
    {
        Backend? tried = null;
        var giveUpAt = 0L;
        var wait = TimeSpan.Zero;
        while (!_stop.IsCancellationRequested)
        {
            var nudge = _nudge;
            var backend = Acquire();
            if (backend != tried)
            {
                // Another backend gets the whole time again.
                tried = backend;
                var longest = backend.Settings.Retry.MaxElapsed;
                giveUpAt = longest == TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)longest.TotalMilliseconds;
                wait = backend.Settings.Retry.InitialInterval;
            }

            SendOutcome outcome;
            try
            {
                outcome = await backend.Transport.SendAsync(payload, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
            finally
            {
                backend.Release();
            }

            if (outcome.Result == SendResult.Delivered)
            {
                var rejected = Math.Min(outcome.Rejected, payload.Points);
                Counters.Succeeded(payload.Points - rejected);
                if (rejected > 0)
                {
                    Drop(DropReason.Rejected, rejected, $"the backend rejected points of a batch that it accepted: {outcome.Reason}");
                }

                return;
            }

            Counters.Failed(outcome.Reason);
            var retry = backend.Settings.Retry;
            if (outcome.Result == SendResult.Refused)
            {
                Drop(DropReason.Refused, payload.Points, outcome.Reason);
                return;
            }

            var pause = outcome.RetryAfter ?? wait * (1 + retry.Randomization * (2 * Random.Shared.NextDouble() - 1));
            if (!retry.Enabled || Environment.TickCount64 + pause.TotalMilliseconds > giveUpAt)
            {
                Drop(DropReason.RetriesExhausted, payload.Points, outcome.Reason);
                return;
            }

            Log.Warn("export failed; it will be tried again", ("exporter", Id), ("reason", outcome.Reason), ("inSeconds", Math.Round(pause.TotalSeconds, 2)));
            wait = wait * retry.Multiplier < retry.MaxInterval ? wait * retry.Multiplier : retry.MaxInterval;
            await PauseAsync(pause, nudge);
        }

        Drop(DropReason.Stopped, payload.Points, "the collector stopped before it could be sent");
    }

    /// <param name="nudge">Taken before the attempt, so that a reload during the attempt ends the pause too.</param>
    private async Task PauseAsync(TimeSpan pause, CancellationTokenSource nudge)
    {
        if (!_draining)
        {
            await Task.Delay(pause, nudge.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await Task.Delay(pause < LongestDrainPause ? pause : LongestDrainPause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void EndPause()
    {
        // Never disposed: a sender may be about to wait on it, and it holds no timer.
        var old = _nudge;
        _nudge = new CancellationTokenSource();
        old.Cancel();
    }

    private Backend Acquire()
    {
        lock (_gate)
        {
            _backend.Retain();
            return _backend;
        }
    }

    private void Drop(DropReason reason, long points, string why)
    {
        Counters.Dropped(reason, points, why);
        Log.Error("points dropped", ("exporter", Id), ("points", points), ("reason", why));
    }

    /// <summary>Where payloads go. The last holder closes its connections.</summary>
    private sealed class Backend(QueuedExporterSettings settings, IBatchEncoder encoder, ITransport transport, bool holds)
    {
        private int _holders = 1;

        public QueuedExporterSettings Settings => settings;

        public IBatchEncoder Encoder => encoder;

        public ITransport Transport => transport;

        public bool Holds => holds;

        public void Retain() => Interlocked.Increment(ref _holders);

        public void Release()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                transport.Dispose();
            }
        }
    }
}
