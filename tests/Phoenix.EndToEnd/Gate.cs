using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Phoenix.EndToEnd;

/// <summary>Stands between an agent and the control plane: it can keep a process of the agent out, and hold a download in the middle.</summary>
internal sealed class Gate : IAsyncDisposable
{
    private static readonly string[] NotForwarded = ["Transfer-Encoding", "Connection", "Keep-Alive"];
    private readonly WebApplication _app;
    private readonly HttpClient _target;
    private readonly ConcurrentDictionary<string, int> _boots = new();
    private readonly ConcurrentQueue<string> _ranges = new();
    private volatile TaskCompletionSource? _held;
    private volatile int _mostBoots = int.MaxValue;

    private Gate(WebApplication app, string target) =>
        (_app, _target) = (app, new HttpClient { BaseAddress = new Uri(target), Timeout = Timeout.InfiniteTimeSpan });

    public string Address { get; private set; } = "";

    /// <summary>Processes of the agent (their boots) that have called so far.</summary>
    public int Boots => _boots.Count;

    /// <summary>The ranges that downloads asked for.</summary>
    public IReadOnlyList<string> Ranges => [.. _ranges];

    public static async Task<Gate> StartAsync(string target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var gate = new Gate(builder.Build(), target);
        gate._app.Run(gate.ForwardAsync);
        await gate._app.StartAsync();
        gate.Address = gate._app.Urls.Single();
        return gate;
    }

    /// <summary>Processes that have not called yet are cut off, all but so many of them.</summary>
    public void AdmitOnly(int more) => _mostBoots = more == int.MaxValue ? more : _boots.Count(b => b.Value >= 0) + more;

    public void AdmitAll() => _mostBoots = int.MaxValue;

    /// <summary>Lets the first half of each program through and then nothing, until it is released.</summary>
    public void HoldDownloads() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ReleaseDownloads()
    {
        _held?.TrySetResult();
        _held = null;
    }

    public async ValueTask DisposeAsync()
    {
        ReleaseDownloads();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        _target.Dispose();
    }

    private async Task ForwardAsync(HttpContext http)
    {
        var boot = _boots.GetOrAdd(http.Request.Headers["X-Agent-Boot-ID"].ToString(), _ => _boots.Count);
        if (boot >= _mostBoots)
        {
            http.Abort();
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), http.Request.Path + http.Request.QueryString);
        if (http.Request.ContentLength is not null || http.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(http.Request.Body);
        }

        foreach (var (name, values) in http.Request.Headers.Where(h => h.Key != "Host" && !NotForwarded.Contains(h.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        try
        {
            using var answer = await _target.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);
            http.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !NotForwarded.Contains(h.Key)))
            {
                http.Response.Headers[name] = values.ToArray();
            }

            await CopyAsync(http, await answer.Content.ReadAsStreamAsync(http.RequestAborted), answer.Content.Headers.ContentLength ?? 0);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Either side has gone: so does the other.
            http.Abort();
        }
    }

    private async Task CopyAsync(HttpContext http, Stream body, long length)
    {
        var isProgram = http.Request.Path.Value!.EndsWith("/phoenix-agent", StringComparison.Ordinal);
        if (isProgram)
        {
            _ranges.Enqueue(http.Request.Headers.Range.ToString());
        }

        var buffer = new byte[16 << 10];
        for (long sent = 0; ;)
        {
            if (isProgram && sent > length / 2 && _held is { } held)
            {
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await held.Task.WaitAsync(http.RequestAborted);
            }

            var read = await body.ReadAsync(buffer, http.RequestAborted);
            if (read == 0)
            {
                return;
            }

            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            sent += read;
        }
    }
}
