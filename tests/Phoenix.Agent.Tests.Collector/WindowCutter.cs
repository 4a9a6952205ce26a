using System.Globalization;
using System.Net.Sockets;
using Phoenix.Contracts;

namespace Phoenix.TestCollector;

/// <summary>
/// Closes windows. The production arm cuts by its clock and tells its subscribers on the tee, a line for each; a candidate
/// closes the same windows when it hears of them.
/// </summary>
internal sealed class WindowCutter(CollectorArm arm, string tee, Func<Behaviour> behaviour)
{
    private readonly Lock _gate = new();
    private readonly List<ArmWindow> _closed = [];
    private readonly List<StreamWriter> _subscribers = [];
    private TaskCompletionSource _cutSooner = new();
    private double _seconds = 60;
    private int _generation;

    public string Epoch { get; private set; } = Guid.NewGuid().ToString();
    public long Open { get; private set; } = 1;
    public bool TeeConnected { get; private set; }

    public int Subscribers
    {
        get { lock (_gate) return _subscribers.Count; }
    }

    public IReadOnlyList<ArmWindow> After(long number)
    {
        lock (_gate)
            return [.. _closed.Where(window => window.Number > number).TakeLast(120)];
    }

    public void Measure(MeasurementSettings settings)
    {
        lock (_gate)
            _generation = settings.Generation;
        if (arm is CollectorArm.Candidate || settings.WindowSeconds == _seconds)
            return;
        _seconds = settings.WindowSeconds;
        Interlocked.Exchange(ref _cutSooner, new()).SetResult();
    }

    public void BeginEpoch()
    {
        lock (_gate)
        {
            Epoch = Guid.NewGuid().ToString();
            Open = 1;
        }
    }

    public Task RunAsync() => arm is CollectorArm.Production ? Task.WhenAll(ListenAsync(), CutAsync()) : FollowAsync();

    private async Task CutAsync()
    {
        var started = DateTimeOffset.UtcNow;
        while (true)
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(_seconds)), _cutSooner.Task);
            var ended = DateTimeOffset.UtcNow;
            lock (_gate)
            {
                _closed.Add(Window(Epoch, Epoch, Open, started, ended, complete: true));
                foreach (var subscriber in _subscribers.ToArray())
                {
                    try
                    {
                        subscriber.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Epoch} {Open} {started:O} {ended:O}"));
                    }
                    catch (IOException)
                    {
                        _subscribers.Remove(subscriber);
                    }
                }
                Open++;
            }
            started = ended;
        }
    }

    private async Task ListenAsync()
    {
        File.Delete(tee);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(tee));
        listener.Listen();
        while (true)
        {
            var stream = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
            lock (_gate)
                _subscribers.Add(new StreamWriter(stream) { AutoFlush = true });
        }
    }

    private async Task FollowAsync()
    {
        while (true)
        {
            try
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(tee));
                TeeConnected = true;
                using var reader = new StreamReader(new NetworkStream(socket));
                for (var complete = false; await reader.ReadLineAsync() is { } line; complete = true)
                {
                    var parts = line.Split(' ');
                    var number = long.Parse(parts[1], CultureInfo.InvariantCulture);
                    lock (_gate)
                    {
                        _closed.Add(Window(Epoch, parts[0], number,
                            DateTimeOffset.Parse(parts[2], CultureInfo.InvariantCulture), DateTimeOffset.Parse(parts[3], CultureInfo.InvariantCulture), complete));
                        Open = number + 1;
                    }
                }
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                await Task.Delay(50);
            }
            TeeConnected = false;
        }
    }

    private ArmWindow Window(string epoch, string source, long number, DateTimeOffset started, DateTimeOffset ended, bool complete)
    {
        var counts = new StreamCounts(100, 100, 100, 100, 1000, 1000, 100_000);
        var checksum = behaviour().Is("mismatch") && arm is CollectorArm.Candidate ? new string('f', 32) : number.ToString("x32", CultureInfo.InvariantCulture);
        return new ArmWindow(
            epoch, source, number, started, ended, number * 10, (number * 10) + 9, 10, 0, complete,
            new ArmInput(counts, checksum, 0), new ArmOutput(counts, 50_000, 0, 0), new ArmCost(1, 1),
            new LedgerWindow(0, 0, 0, 0, 0, null, null, 0, []), new ProtectedWindow(0, 0, []), [], _generation);
    }
}
