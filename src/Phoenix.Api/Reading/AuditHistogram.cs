using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>How many events happened when: what a slider over time is drawn from.</summary>
/// <param name="BucketSeconds">Length of each bucket; the first begins at <c>From</c>.</param>
/// <param name="Counts">Events in each bucket, its begin included and its end not.</param>
public sealed record AuditHistogram(DateTimeOffset From, DateTimeOffset Until, double BucketSeconds, IReadOnlyList<long> Counts);

public static class AuditHistogramRead
{
    public const int DefaultBuckets = 100, MaxBuckets = 1000;

    /// <summary>
    /// Counts of events over time, with the filters of the list. Without <c>from</c> it begins with the first event of the log, without <c>until</c> it ends now. Of a time
    /// too short for so many <c>buckets</c> there are as many as it has microseconds.
    /// </summary>
    [WolverineGet("/api/v2/audit/histogram"), Tags("Audit"), ProducesResponseType<AuditHistogram>(200)]
    public static async Task<IResult> Get(
        NpgsqlDataSource database, Guid? experimentId, Guid? streamId, string[]? type, string? streamType, string? actor, string? correlationId, string? text,
        DateTimeOffset? from, DateTimeOffset? until, int? buckets, CancellationToken cancellation)
    {
        if (buckets is < 1 or > MaxBuckets) return Problems.Of(422, "buckets-invalid", $"There are 1 to {MaxBuckets} buckets.", "buckets");
        var (filter, refused) = AuditFilter.Of(experimentId, streamId, type, streamType, actor, correlationId, text, from, until);
        if (refused is not null) return refused;
        return await AuditFilter.Patiently(database, async connection =>
        {
            var begin = filter!.From ?? await First(connection, cancellation);
            var end = filter.Until ?? EventStoreOptions.Clock.GetUtcNow();
            // A log that has just begun, asked for without bounds.
            if (filter.From is null && begin >= end) begin = end - TimeSpan.FromSeconds(1);
            if (begin >= end) return Problems.Of(422, "range-invalid", "'until' comes after 'from'.", "until");
            // Events are told apart to the microsecond, and a bucket of no length cannot be divided by.
            var number = (int)Math.Clamp((end - begin).Ticks / TimeSpan.TicksPerMicrosecond, 1, buckets ?? DefaultBuckets);
            var width = (end - begin) / number;
            await using var command = new NpgsqlCommand { Connection = connection };
            var where = (filter with { From = begin, Until = end }).Conditions(command.Parameters, "true").Where;
            command.Parameters.Add(new() { Value = begin, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(new() { Value = width.TotalSeconds, NpgsqlDbType = NpgsqlDbType.Double });
            var place = command.Parameters.Count;
            command.CommandText =
                $"select least(floor(extract(epoch from at - ${place - 1}) / ${place})::int, {number - 1}), count(*) from {AuditLog.View} where {where} group by 1";
            var counts = new long[number];
            await using var r = await command.ExecuteReaderAsync(cancellation);
            while (await r.ReadAsync(cancellation)) counts[r.GetInt32(0)] = r.GetInt64(1);
            return TypedResults.Ok(new AuditHistogram(begin, end, width.TotalSeconds, counts));
        }, cancellation);
    }

    /// <summary>An event that was brought in without a time has none to begin with.</summary>
    static async Task<DateTimeOffset> First(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"select min(at) from {AuditLog.View} where at >= '1970-01-01Z'", connection);
        return await command.ExecuteScalarAsync(cancellation) is DateTime first ? new(first, TimeSpan.Zero) : EventStoreOptions.Clock.GetUtcNow();
    }
}
