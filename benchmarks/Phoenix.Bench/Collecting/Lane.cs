using System.Diagnostics;

namespace Phoenix.Bench.Collecting;

/// <summary>One subject between its senders and its sink, measured round by round.</summary>
sealed class Lane(string name, Subject subject, Sink sink, Senders senders) : IAsyncDisposable
{
    public string Name => name;

    public Subject Subject => subject;

    public Sink Sink => sink;

    /// <summary>Of each measured round: points a second of processor time, what the core can do when nobody else has it.</summary>
    public List<double> PointsPerSecond { get; } = [];

    /// <summary>Of each measured round: points a second of the clock, from the first body sent to the last answer or arrival.</summary>
    public List<double> PerWallSecond { get; } = [];

    public long TurnedAway => senders.TurnedAway;

    public long PointsSent { get; private set; }

    /// <summary>Sends, waits until all of it has come out, and notes the round where it is to count.</summary>
    /// <param name="send">Given the senders; returns the points sent.</param>
    /// <param name="isWhole">Whether everything has arrived, by what the sink has counted.</param>
    public async Task RoundAsync(Func<Senders, Task<long>> send, Func<Lane, bool> isWhole, bool onlyPoints = false, bool counts = true)
    {
        var (cpu, began) = (subject.Cpu, Stopwatch.GetTimestamp());
        var points = await send(senders);
        PointsSent += points;
        var answered = Stopwatch.GetTimestamp();
        await subject.WaitAsync($"all {PointsSent} points of {name} (so far {sink.Points} with a total of {sink.Total})", () =>
        {
            sink.Count(onlyPoints);
            return Task.FromResult(isWhole(this) ? this : null);
        });
        if (!counts) return;
        PointsPerSecond.Add(points / (subject.Cpu - cpu).TotalSeconds);
        PerWallSecond.Add(points / Stopwatch.GetElapsedTime(began, Math.Max(answered, sink.LastArrival)).TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        senders.Dispose();
        await subject.DisposeAsync();
        await sink.DisposeAsync();
    }
}
