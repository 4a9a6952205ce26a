using System.Diagnostics;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Backends;
using Wolverine.Http;

namespace Phoenix.Api.Backends;

/// <param name="Kind"><c>Prometheus</c>, <c>VictoriaMetrics</c>, <c>Mimir</c>, or <c>unknown</c> where it does not say.</param>
/// <param name="Milliseconds">Of a query that reads nothing.</param>
/// <param name="Code">What was wrong, as the code that a check would answer with; null where it is reachable.</param>
public sealed record BackendTestResult(bool Reachable, string? Kind, string? Version, double? Milliseconds, string? Code, string? Error);

public static class TestBackendEndpoint
{
    /// <summary>Asks the backend what it is, with its credential.</summary>
    [WolverinePost("/api/v2/backends/{name}/test"), Tags("Backends"), ProducesResponseType<BackendTestResult>(200), ProducesResponseType(404)]
    public static async Task<IResult> Post(string name, IQuerySession session, BackendClients clients, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Backend>(StreamIds.Backend(name), cancellation) is not { } backend) return Problems.NotFound("backend", name);
        using var client = clients.Open(backend, await session.LoadAsync<BackendCredential>(backend.Id, cancellation));
        try
        {
            var identity = await client.Identify(cancellation);
            var started = Stopwatch.GetTimestamp();
            await client.Query("vector(1)", cancellation);
            return TypedResults.Ok(new BackendTestResult(true, identity.Kind, identity.Version, Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 1), null, null));
        }
        catch (BackendException fault)
        {
            return TypedResults.Ok(new BackendTestResult(false, null, null, null, fault.Code, fault.Message));
        }
    }
}
