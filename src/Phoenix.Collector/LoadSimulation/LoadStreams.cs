using System.Globalization;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.LoadSimulation;

/// <summary>
/// The streams of a profile at each interval. A value follows from stream and interval alone, so that a million cumulative
/// streams cost no memory and every run of a profile sends the same.
/// </summary>
internal sealed class LoadStreams(LoadKind profile, int series, long intervals)
{
    /// <summary>Resource attribute by which made-up streams are known everywhere; its value is the profile.</summary>
    public const string Marker = "phoenix.loadsim";

    /// <summary>Intervals that an instance of the churning profile lives.</summary>
    public const int Lifetime = 5;

    private const int Services = 5;
    private static readonly string[] Statuses = ["200", "200", "200", "200", "404", "500"];
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    /// <summary>Observations of each bucket in twenty. Counts are multiples of twenty, so that no bucket ever falls.</summary>
    private static readonly ulong[] BucketShares = [1, 2, 4, 5, 3, 2, 1, 1, 1, 0, 0];

    /// <summary>Streams that have a point in the interval.</summary>
    public int Active(long interval) =>
        profile != LoadKind.Spike || interval * 5 / Math.Max(1, intervals) == 2 ? series : Math.Max(1, series / 10);

    /// <summary>Distinct streams that were made once the interval is sent.</summary>
    /// <param name="before">Those made before.</param>
    /// <param name="previous">The interval sent before; -1 where this is the first.</param>
    public long Made(long before, long interval, long previous)
    {
        if (profile != LoadKind.HighChurn)
        {
            return Math.Max(before, Active(interval));
        }

        for (var slot = 0; slot < Lifetime; slot++)
        {
            if (previous < 0 || Generation(interval, slot) != Generation(previous, slot))
            {
                before += (series - slot + Lifetime - 1) / Lifetime;
            }
        }

        return before;
    }

    /// <summary>Appends the points of the streams from <paramref name="first"/> on as one resource.</summary>
    public void Write(OtlpWriter writer, long interval, int first, int count, ulong startUnixNanos, ulong unixNanos, ulong intervalNanos)
    {
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "phoenix-loadsim");
        writer.ResourceAttribute(Marker, Name(profile));
        writer.BeginScope("phoenix/loadsim", "");
        for (var stream = first; stream < first + count; stream++)
        {
            if (profile == LoadKind.Realistic)
            {
                WriteRealistic(writer, interval, stream, startUnixNanos, unixNanos);
            }
            else
            {
                WriteCounter(writer, interval, stream, startUnixNanos, unixNanos, intervalNanos);
            }
        }

        writer.EndScope();
        writer.EndResource();
    }

    public static string Name(LoadKind profile) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(profile.ToString());

    private void WriteCounter(OtlpWriter writer, long interval, int stream, ulong start, ulong now, ulong intervalNanos)
    {
        var generation = profile == LoadKind.HighChurn ? Generation(interval, stream) : 0;
        // The first generation is cut short at its beginning, so that instances do not all end together.
        var age = generation == 0 ? interval : (interval + stream % Lifetime) % Lifetime;
        writer.BeginSum("loadsim.requests", "{request}", "", monotonic: true, Temporality.Cumulative);
        writer.BeginPoint(start + (ulong)(interval - age) * intervalNanos, now);
        switch (profile)
        {
            case LoadKind.HighCardinality:
                writer.Attribute("user.id", Text(stream));
                break;
            case LoadKind.HighChurn:
                writer.Attribute("slot", Text(stream));
                writer.Attribute("instance", string.Create(CultureInfo.InvariantCulture, $"{stream}-{generation}"));
                break;
            default:
                writer.Attribute("stream", Text(stream));
                break;
        }

        writer.EndPoint(Increment(stream) * (age + 1));
        writer.EndMetric();
    }

    private static void WriteRealistic(OtlpWriter writer, long interval, int stream, ulong start, ulong now)
    {
        // Of five streams three are counters, one a histogram, one a gauge.
        var kind = stream % 5;
        var member = stream / 5;
        switch (kind)
        {
            case 3:
                writer.BeginHistogram("http.server.request.duration", "s", "", Temporality.Cumulative);
                writer.BeginPoint(start, now);
                Route(writer, member);
                WriteDistribution(writer, (ulong)(Busy(member) * (interval + 1)));
                break;
            case 4:
                writer.BeginGauge("db.client.connections", "{connection}", "");
                writer.BeginPoint(0, now);
                Route(writer, member);
                writer.EndPoint(10 + (member * 31L + interval * 17) % 50);
                break;
            default:
                writer.BeginSum("http.server.requests", "{request}", "", monotonic: true, Temporality.Cumulative);
                writer.BeginPoint(start, now);
                Route(writer, member);
                writer.Attribute("http.request.method", kind switch { 0 => "GET", 1 => "POST", _ => "PUT" });
                writer.Attribute("http.response.status_code", Statuses[member % Statuses.Length]);
                writer.EndPoint(Busy(member) * (interval + 1));
                break;
        }

        writer.EndMetric();
    }

    private static void Route(OtlpWriter writer, int member)
    {
        writer.Attribute("service", string.Create(CultureInfo.InvariantCulture, $"service-{member % Services}"));
        writer.Attribute("http.route", string.Create(CultureInfo.InvariantCulture, $"/api/route-{member / Services}"));
    }

    private static void WriteDistribution(OtlpWriter writer, ulong twenties)
    {
        Span<ulong> buckets = stackalloc ulong[BucketShares.Length];
        for (var i = 0; i < buckets.Length; i++)
        {
            buckets[i] = BucketShares[i] * twenties;
        }

        writer.EndHistogramPoint(20 * twenties, 1.5 * twenties, buckets, Bounds);
    }

    private long Increment(int stream) => profile == LoadKind.Steady ? 1 + stream % 10 : Busy(stream);

    /// <summary>Increments an interval: few streams are busy, most are not.</summary>
    private static long Busy(int member) => 1 + 1000 / (1 + member);

    private static long Generation(long interval, int stream) => (interval + stream % Lifetime) / Lifetime;

    private static string Text(int stream) => stream.ToString(CultureInfo.InvariantCulture);
}
