using System.Net;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Fetches the files of a release into the state directory and checks them before any of them may be executed.</summary>
internal sealed class UpgradeDownload(UpgradeStore store, ApiClient api)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    /// <summary>A file that is wrong once may have been changed meanwhile; one that is wrong again is wrong.</summary>
    private const int MostMismatches = 2;

    /// <summary>The release lies in its version's directory afterwards. Repeated after a crash it goes on where it was.</summary>
    /// <returns>Why not; null where it does.</returns>
    /// <exception cref="OperationCanceledException">The control plane wants it no more, or the agent ends.</exception>
    public async Task<TaskError?> FetchAsync(SignedRelease release, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        if (store.IsIntact(release.Version, release.Files))
            return null;
        store.CreateDownload(release.Version);
        foreach (var file in release.Files)
        {
            if (await FetchAsync(release, file, renew, cancellation) is { } problem)
                return problem;
        }
        await renew("storing", release.Version);
        store.Accept(release);
        return null;
    }

    private async Task<TaskError?> FetchAsync(SignedRelease release, ReleaseFile file, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var path = Path.Combine(store.Download(release.Version), file.Name);
        var mismatches = 0;
        for (var failures = 0; ; )
        {
            ApiAnswer answer;
            var began = Length(path);
            using (var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
            {
                var renewal = RenewAsync(path, file, renew, ending.Token);
                try
                {
                    answer = await TryAsync(release, file, path, cancellation);
                }
                finally
                {
                    await ending.CancelAsync();
                }
                await renewal;
            }
            if (Length(path) == file.Bytes)
            {
                if (UpgradeStore.HashOf(path) == file.Sha256)
                    return null;
                File.Delete(path);
                if (++mismatches >= MostMismatches)
                    return new TaskError("hash-mismatch", $"{file.Name} of {release.Version} for {file.Runtime} came {mismatches} times with another hash than {file.Sha256}.", false, []);
                continue;
            }
            if (answer.Status is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
                return new TaskError("release-gone", $"The control plane has no {file.Name} of {release.Version} for {file.Runtime} with hash {file.Sha256} any more: {answer.Detail}", true, []);
            // It cannot be continued: what is there is longer than the file, or of another one.
            if (answer.Status is HttpStatusCode.RequestedRangeNotSatisfiable || Length(path) > file.Bytes)
                File.Delete(path);
            failures = Length(path) > began ? 1 : failures + 1;
            var delay = RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble());
            Log.Warn("A download is interrupted and goes on later.",
                ("file", file.Name), ("version", release.Version), ("bytes", Length(path)), ("of", file.Bytes), ("status", (int?)answer.Status), ("code", answer.Code), ("nextAttemptSeconds", delay));
            for (var until = Environment.TickCount64 + (long)delay.TotalMilliseconds; Environment.TickCount64 < until;)
            {
                await renew("downloading", answer.Code);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(until - Environment.TickCount64, 1, RenewEvery.TotalMilliseconds)), cancellation);
            }
        }
    }

    private async Task<ApiAnswer> TryAsync(SignedRelease release, ReleaseFile file, string path, CancellationToken cancellation)
    {
        if (Length(path) >= file.Bytes)
            return new ApiAnswer(null, "complete", null, null);
        await using var into = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        });
        var answer = await api.DownloadAsync($"api/v2/agent-releases/{release.Version}/{file.Runtime}/{file.Name}", file.Sha256, into, file.Bytes, Silence, cancellation);
        into.Flush(flushToDisk: true);
        return answer;
    }

    /// <summary>Keeps the lease while bytes come in, however slowly.</summary>
    private static async Task RenewAsync(string path, ReleaseFile file, Func<string, string?, Task> renew, CancellationToken ending)
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewEvery, ending);
                await renew("downloading", $"{Length(path)} of {file.Bytes} bytes of {file.Name}");
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The download has come to its end.
            return;
        }
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
