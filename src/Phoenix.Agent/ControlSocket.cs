using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Speaks to the collectors on their Unix control sockets. One HTTP handler serves them all: the host name of a request is
/// the collector's name, which the connect callback turns into the socket's path.
/// </summary>
internal sealed class ControlSocket(StateDirectory directory) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(directory.ControlSocket(context.DnsEndPoint.Host)), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        Timeout = Limit,
        MaxResponseContentBufferSize = 16 << 20,
    };

    /// <summary>Null where the collector does not answer: it starts, has ended, or hangs.</summary>
    public async Task<CollectorStatus?> StatusAsync(string collector, CancellationToken cancellation)
    {
        try
        {
            return await _client.GetFromJsonAsync(Address(collector, CollectorControl.Status), WireJson.Default.CollectorStatus, cancellation);
        }
        catch (Exception e) when (IsNoAnswer(e, cancellation))
        {
            return null;
        }
    }

    /// <summary>Windows after the number, or all that are kept; null where the collector does not answer.</summary>
    public async Task<CollectorWindows?> WindowsAsync(string collector, long? after, CancellationToken cancellation)
    {
        var path = after is { } number ? $"{CollectorControl.Windows}?after={number.ToString(CultureInfo.InvariantCulture)}" : CollectorControl.Windows;
        try
        {
            return await _client.GetFromJsonAsync(Address(collector, path), WireJson.Default.CollectorWindows, cancellation);
        }
        catch (Exception e) when (IsNoAnswer(e, cancellation))
        {
            return null;
        }
    }

    /// <summary>What goes through it by metric, service and namespace; null where the collector does not answer, or is of a version that does not tell.</summary>
    public async Task<FlowWindow?> FlowAsync(string collector, CancellationToken cancellation)
    {
        try
        {
            return await _client.GetFromJsonAsync(Address(collector, CollectorControl.Flow), WireJson.Default.FlowWindow, cancellation);
        }
        catch (Exception e) when (IsNoAnswer(e, cancellation))
        {
            return null;
        }
    }

    /// <summary>Null when done; else why not.</summary>
    public async Task<string?> MeasureAsync(string collector, MeasurementSettings settings, CancellationToken cancellation)
    {
        try
        {
            using var content = JsonContent.Create(settings, WireJson.Default.MeasurementSettings);
            using var response = await _client.PutAsync(Address(collector, CollectorControl.Measurement), content, cancellation);
            return response.IsSuccessStatusCode ? null : $"{collector} answered {(int)response.StatusCode} to its measurement settings";
        }
        catch (Exception e) when (IsNoAnswer(e, cancellation))
        {
            return $"{collector} does not answer on its control socket";
        }
    }

    public async Task<ReloadAnswer> ReloadAsync(string collector, CancellationToken cancellation)
    {
        try
        {
            using var response = await _client.PostAsync(Address(collector, CollectorControl.Reload), null, cancellation);
            if (response.IsSuccessStatusCode)
                return new ReloadAnswer(ReloadOutcome.TakenOver, null);
            // Only this status says that a new process would do better: after any other the old configuration goes on.
            if (response.StatusCode is HttpStatusCode.Conflict)
                return new ReloadAnswer(ReloadOutcome.NeedsNewProcess, null);
            return new ReloadAnswer(ReloadOutcome.Refused, await ReadErrorAsync(collector, response, cancellation));
        }
        catch (Exception e) when (IsNoAnswer(e, cancellation))
        {
            // It may or may not have taken it over; a new process certainly does.
            return new ReloadAnswer(ReloadOutcome.NeedsNewProcess, null);
        }
    }

    private static async Task<TaskError> ReadErrorAsync(string collector, HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        try
        {
            if (response.StatusCode is HttpStatusCode.UnprocessableEntity
                && await response.Content.ReadFromJsonAsync(WireJson.Default.ConfigurationProblem, cancellation) is { Errors.Count: > 0 } problem)
                return new TaskError("configuration-invalid", ConfigurationCheck.Describe(problem), Retryable: false, []);
        }
        catch (JsonException)
        {
            // Its status is then all that it said.
            return new TaskError("internal", $"Collector '{collector}' answered {status} to the reload, in a form that cannot be read.", Retryable: false, []);
        }
        return new TaskError("internal", $"Collector '{collector}' answered {status} to the reload and named no error.", Retryable: false, []);
    }

    public void Dispose() => _client.Dispose();

    private static Uri Address(string collector, string path) => new($"http://{collector}{path}");

    private static bool IsNoAnswer(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or SocketException or IOException or JsonException
        || (e is OperationCanceledException && !cancellation.IsCancellationRequested);
}

internal enum ReloadOutcome
{
    TakenOver,
    Refused,
    NeedsNewProcess,
}

/// <param name="Error">Why it was refused; null where it was not.</param>
internal sealed record ReloadAnswer(ReloadOutcome Outcome, TaskError? Error);
