using System.Globalization;
using System.Net;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Window reports on disk until the control plane has them: one file each, named by end time, experiment and number, so
/// that a report written twice is one. Bounded in number and bytes: the oldest go first, and are counted.
/// </summary>
internal sealed class WindowOutbox : IDisposable
{
    public const int Bound = 1000;
    public const long ByteBound = 64 << 20;
    public const int BatchLimit = 50;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly int _bound;
    private readonly long _byteBound;
    private readonly SortedSet<string> _names;
    private readonly Dictionary<string, long> _sizes;
    private long _bytes;
    private readonly SemaphoreSlim _filled = new(0, 1);

    public WindowOutbox(string folder, int bound = Bound, long byteBound = ByteBound)
    {
        _folder = folder;
        _bound = bound;
        _byteBound = byteBound;
        _sizes = new DirectoryInfo(folder).EnumerateFiles("*.json").ToDictionary(file => file.Name, file => file.Length);
        _names = new SortedSet<string>(_sizes.Keys, StringComparer.Ordinal);
        _bytes = _sizes.Values.Sum();
    }

    /// <summary>Reports given up because the control plane was away for longer than the bound, in this process.</summary>
    public long Dropped { get; private set; }

    public int Count
    {
        get { lock (_gate) return _names.Count; }
    }

    public void Add(Guid experimentId, WindowReport report)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{report.EndedAt.ToUnixTimeMilliseconds():D14}_{experimentId:N}_{report.Number:D9}.json");
        var content = JsonSerializer.SerializeToUtf8Bytes(report, AgentJson.Default.WindowReport);
        DurableFile.Write(Path.Combine(_folder, name), content);
        lock (_gate)
        {
            _bytes += content.Length - _sizes.GetValueOrDefault(name);
            _sizes[name] = content.Length;
            _names.Add(name);
            // The one just written stays, however long it is.
            while (_names.Count > _bound || (_bytes > _byteBound && _names.Count > 1))
            {
                Dropped++;
                Log.Warn("A window report is given up because the control plane was away for too long.", ("file", _names.Min), ("droppedSoFar", Dropped));
                Delete(_names.Min!);
            }
            if (_filled.CurrentCount is 0)
                _filled.Release();
        }
    }

    /// <summary>The oldest reports of one experiment, at most <see cref="BatchLimit"/>; null where there are none.</summary>
    public (IReadOnlyList<string> Names, MeasurementReport Report)? Peek()
    {
        lock (_gate)
        {
            if (_names.Min is not { } first)
                return null;
            var experiment = first.Split('_')[1];
            var names = _names.Where(name => name.Split('_')[1] == experiment).Take(BatchLimit).ToList();
            var windows = names.Select(name => DurableFile.Read(Path.Combine(_folder, name), AgentJson.Default.WindowReport)).OfType<WindowReport>().ToList();
            return (names, new MeasurementReport(Guid.ParseExact(experiment, "N"), windows, DateTimeOffset.UtcNow));
        }
    }

    public void Remove(IReadOnlyList<string> names)
    {
        lock (_gate)
        {
            foreach (var name in names)
                Delete(name);
        }
    }

    /// <summary>Sends what there is, oldest first, and keeps what the control plane could not take yet.</summary>
    public async Task SendAsync(ApiClient api, CancellationToken cancellation)
    {
        var failures = 0;
        while (true)
        {
            if (Peek() is not var (names, report))
            {
                await _filled.WaitAsync(cancellation);
                continue;
            }
            var answer = await api.PostAsync("api/v2/measurements", report, WireJson.Default.MeasurementReport, cancellation);
            if (answer.IsSuccess || IsRefused(answer))
            {
                if (!answer.IsSuccess)
                {
                    Log.Error("The control plane refuses window reports, and they are given up.",
                        ("experiment", report.ExperimentId), ("windows", report.Windows.Count), ("status", (int?)answer.Status), ("code", answer.Code));
                }
                Remove(names);
                failures = 0;
                continue;
            }
            failures++;
            Log.Warn("Window reports could not be sent and are kept.", ("waiting", Count), ("status", (int?)answer.Status), ("code", answer.Code));
            await Task.Delay(RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble()), cancellation);
        }
    }

    public void Dispose() => _filled.Dispose();

    private static bool IsRefused(ApiAnswer answer) => answer.Status is { } status && (int)status is >= 400 and < 500
        && status is not (HttpStatusCode.Unauthorized or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);

    private void Delete(string name)
    {
        File.Delete(Path.Combine(_folder, name));
        if (!_names.Remove(name))
            return;
        _bytes -= _sizes[name];
        _sizes.Remove(name);
    }
}
