using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Phoenix.Projections.Audit;

namespace Phoenix.Api.Reading;

/// <summary>Which events of the audit log are asked for: all that is given must hold.</summary>
/// <param name="Types">One of these event types; null for any.</param>
/// <param name="Text">Somewhere in the event's reason, type or data, however it is written in capitals and small letters.</param>
public sealed record AuditFilter(
    Guid? ExperimentId = null, Guid? StreamId = null, IReadOnlyList<string>? Types = null, string? Actor = null, string? CorrelationId = null, string? Text = null,
    DateTimeOffset? From = null, DateTimeOffset? Until = null)
{
    public const int MaxTextLength = 200;

    /// <param name="type">Names of event types, each alone or several with commas between.</param>
    /// <param name="streamType">A name of <see cref="EventStoreOptions.EventTypes"/>.</param>
    public static (AuditFilter? Filter, IResult? Refused) Of(
        Guid? experimentId, Guid? streamId, string[]? type, string? streamType, string? actor, string? correlationId, string? text, DateTimeOffset? from, DateTimeOffset? until)
    {
        if (Problems.TooLong(("text", text, MaxTextLength)) is { } tooLong) return (null, tooLong);
        IReadOnlyList<string>? types = type?.SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct().ToArray() is { Length: > 0 } given ? given : null;
        if (!string.IsNullOrEmpty(streamType))
        {
            if (StreamTypes.EventsOf(streamType) is not { } own)
                return (null, Problems.Of(422, "stream-type-unknown", $"A stream is one of {string.Join(", ", EventStoreOptions.EventTypes.Keys)}.", "streamType"));
            types = types is null ? own : [.. types.Intersect(own)];
        }
        return (new(experimentId, streamId, types, actor, correlationId, string.IsNullOrWhiteSpace(text) ? null : text.Trim(), from?.ToUniversalTime(), until?.ToUniversalTime()), null);
    }

    /// <summary>The condition over the columns of <see cref="AuditLog.View"/>; its values go into the parameters.</summary>
    public Filter Conditions(NpgsqlParameterCollection parameters, string always)
    {
        var filter = new Filter(parameters, always);
        filter.And("experiment_id =", ExperimentId, NpgsqlDbType.Uuid);
        filter.And("stream_id =", StreamId, NpgsqlDbType.Uuid);
        // One type is read in order from its index; several have to be sorted.
        if (Types is [var one]) filter.And("type =", one, NpgsqlDbType.Varchar);
        else filter.And("type = any", Types?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Varchar);
        filter.And("actor =", Actor, NpgsqlDbType.Varchar);
        filter.And("correlation_id =", CorrelationId, NpgsqlDbType.Varchar);
        filter.And("at >=", From, NpgsqlDbType.TimestampTz);
        filter.And("at <", Until, NpgsqlDbType.TimestampTz);
        filter.And("concat_ws(' ', reason, type, data) ilike", Text is null ? null : Filter.Containing(Text), NpgsqlDbType.Text);
        return filter;
    }

    /// <summary>Runs a read of the log that may have to look at all of it, and says what to do where that takes too long.</summary>
    public static Task<IResult> Patiently(NpgsqlDataSource database, Func<NpgsqlConnection, Task<IResult>> read, CancellationToken cancellation) =>
        Patience.Run(database, "search-too-broad",
            "Give 'from' and 'until' closer together, or a 'type', 'streamId', 'experimentId', 'actor' or 'correlationId'.", read, cancellation);
}
