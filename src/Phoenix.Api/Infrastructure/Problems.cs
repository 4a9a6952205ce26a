using System.Text.Json;
using Marten.Exceptions;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using Phoenix.Domain;
using Phoenix.Projections.Experiments;

namespace Phoenix.Api.Infrastructure;

/// <summary>Every error leaves as RFC 9457 problem+json with a stable <c>code</c>, what was wrong and what to do.</summary>
public static class Problems
{
    public static IResult ToProblem(this Rejection rejection) => Of(
        rejection.Kind switch
        {
            RejectionKind.Invalid => StatusCodes.Status422UnprocessableEntity,
            RejectionKind.NotFound => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status409Conflict,
        }, rejection.Code, rejection.Detail, rejection.Field);

    public static IResult Of(int status, string code, string detail, string? field = null) =>
        TypedResults.Problem(Details(status, code, detail, field));

    public static ProblemDetails Details(int status, string code, string detail, string? field = null)
    {
        Figures.Refused(code, status);
        var problem = new ProblemDetails { Status = status, Title = Title(status), Detail = detail };
        problem.Extensions["code"] = code;
        if (field is not null) problem.Extensions["field"] = field;
        return problem;
    }

    /// <summary>Of a name that may be of any length.</summary>
    const int MaxShown = 100;

    public static IResult NotFound(string what, object id) =>
        Of(StatusCodes.Status404NotFound, "not-found", $"There is no {what} '{(id is string { Length: > MaxShown } name ? name[..MaxShown] + "…" : id)}'.");

    /// <summary>422 that names the first text longer than it may be; null where all fit.</summary>
    public static IResult? TooLong(params ReadOnlySpan<(string Field, string? Text, int Max)> texts)
    {
        foreach (var (field, text, max) in texts)
            if (text is not null && text.Length > max)
                return Of(StatusCodes.Status422UnprocessableEntity, "text-too-long", $"'{field}' has at most {max} characters.", field);
        return null;
    }

    public static async Task Write(HttpContext http, int status, string code, string detail)
    {
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(Details(status, code, detail), options: null, contentType: "application/problem+json");
    }

    /// <summary>
    /// What becomes of exceptions. Those that say that the database is away are told once for each second that had any: each request would else write the
    /// same pages of a stack, thousands of them with a large fleet.
    /// </summary>
    public static ExceptionHandlerOptions Handling(ILoggerFactory loggers)
    {
        var log = loggers.CreateLogger("Phoenix.Api.Requests");
        var last = 0L;
        return new()
        {
            ExceptionHandler = HandleException,
            SuppressDiagnosticsCallback = context =>
            {
                if (!TooSlow(context.Exception) && !DatabaseAway(context.Exception)) return false;
                var (before, now) = (Volatile.Read(ref last), Environment.TickCount64);
                if (now - before >= 1_000 && Interlocked.CompareExchange(ref last, now, before) == before)
                    log.LogWarning(context.Exception, "{Method} {Path} was answered with 503, as others of this second may have been: the database is away or too slow", context.HttpContext.Request.Method, context.HttpContext.Request.Path);
                return true;
            },
        };
    }

    /// <summary>Turns what was thrown into the problem a caller can act on; what nobody foresaw is logged whole and answered with 500.</summary>
    static async Task HandleException(HttpContext http)
    {
        var error = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        var (status, code, detail) = error switch
        {
            BadHttpRequestException bad => (bad.StatusCode, "request-malformed", bad.Message + (bad.InnerException is JsonException json ? $" ({json.Message})" : "")),
            JsonException json => (400, "request-malformed", $"The body is not the JSON that is asked for: {json.Message}"),
            _ when HostTaken(error) => (409, "host-busy",
                "One of the hosts takes part in another experiment or deployment. GET /api/v2/experiments and /api/v2/deployments show which; stop it or wait for its end."),
            _ when ConcurrentChange(error) => (409, "concurrent-change", "Somebody changed it at the same moment. Read it again and repeat."),
            _ when TooSlow(error) => (503, "database-slow", "The database did not answer in time: it is busy, or that is much to read. What was asked for may not have been done. Repeat the request later, or ask for less."),
            _ when DatabaseAway(error) => (503, "database-unavailable", "The database cannot be reached. It may not have been accepted; repeat the request."),
            _ => (500, "internal", "Something failed that should not; the log has it under this request's trace id."),
        };
        if (status == 503) http.Response.Headers.RetryAfter = "2";
        await Write(http, status, code, detail);
    }

    /// <summary>
    /// A statement took longer than it may, by the server's clock or by the command's. What works without anybody waiting treats that as <see cref="DatabaseAway"/>, since a
    /// network that swallows packets looks the same; a caller is told what it most likely is.
    /// </summary>
    public static bool TooSlow(Exception? error) => Chain(error).Any(e =>
        e is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } || e is NpgsqlException { InnerException: TimeoutException { Message: ReadTimeout } });

    /// <summary>As Npgsql says it, in contrast to a connection that could not be made or had.</summary>
    const string ReadTimeout = "Timeout during reading attempt";

    public static bool DatabaseAway(Exception? error) => Chain(error).Any(e =>
        e is PostgresException p ? p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState.StartsWith("08", StringComparison.Ordinal) || p.SqlState == "53300"
        : e is NpgsqlException or TimeoutException);

    /// <summary>Deadlocks, serialisation failures and locks that were not to be had: the same work succeeds when it is repeated.</summary>
    public static bool Transient(Exception? error) => DatabaseAway(error) || Chain(error).Any(e => e is PostgresException { SqlState: "40P01" or "40001" or "55P03" });

    static bool HostTaken(Exception? error) =>
        Chain(error).OfType<PostgresException>().Any(p => p.SqlState == PostgresErrorCodes.UniqueViolation && p.TableName == ExperimentHostsProjection.ShortName);

    /// <summary>Another change of the same stream, or of the same row, was committed first.</summary>
    public static bool ConcurrentChange(Exception? error) => !HostTaken(error) && Chain(error).Any(e =>
        e is JasperFx.ConcurrencyException or ExistingStreamIdCollisionException or JasperFx.Events.EventStreamUnexpectedMaxEventIdException ||
        e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation });

    static IEnumerable<Exception> Chain(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
            if (error is AggregateException { InnerExceptions.Count: > 1 } many)
                foreach (var inner in many.InnerExceptions.Skip(1)) yield return inner;
        }
    }

    static string Title(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}
