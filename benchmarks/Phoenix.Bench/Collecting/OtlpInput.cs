using System.Globalization;
using Phoenix.Telemetry;

namespace Phoenix.Bench.Collecting;

/// <summary>
/// Cumulative counters of about 340 bytes with eight attributes, in batches whose times and values can be moved on in place.
/// In the sweep n every series has the value n, so that whoever counts knows what must come out.
/// </summary>
sealed class OtlpInput
{
    public const int PointsPerBatch = 1_000;

    /// <summary>Series that become one without <c>slot</c>.</summary>
    public const int Folded = 10;

    readonly (int Time, int Value)[][] places;
    readonly ulong start;
    readonly int series;

    /// <param name="start">Unix nanoseconds at which the counters were zero.</param>
    public OtlpInput(int series, ulong start)
    {
        (this.series, this.start) = (series, start);
        Batches = new byte[series / PointsPerBatch][];
        places = new (int, int)[Batches.Length][];
        for (var i = 0; i < Batches.Length; i++)
        {
            Batches[i] = Encode(i);
            places[i] = Places(Batches[i]);
        }
    }

    public byte[][] Batches { get; }

    public int Series => series;

    /// <summary>Makes a batch that of another sweep.</summary>
    public void Move(int batch, ulong time, ulong value)
    {
        var bytes = Batches[batch].AsSpan();
        foreach (var (timeAt, valueAt) in places[batch])
        {
            BitConverter.TryWriteBytes(bytes[timeAt..], time);
            BitConverter.TryWriteBytes(bytes[valueAt..], value);
        }
    }

    /// <summary>Puts other series into the place of a batch.</summary>
    /// <param name="number">Number of the batch that they would be of were there so many series.</param>
    public void Renew(int batch, int number)
    {
        Batches[batch] = Encode(number);
        places[batch] = Places(Batches[batch]);
    }

    byte[] Encode(int number)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "checkout");
        writer.ResourceAttribute("service.instance.id", "checkout-7d9f8b6c5d-x2x9z");
        writer.BeginScope("bench", "1");
        writer.BeginSum("shop.checkout.requests", "1", "", monotonic: true, Temporality.Cumulative);
        for (var i = 0; i < PointsPerBatch; i++)
        {
            writer.BeginPoint(start, start + 1);
            foreach (var (key, value) in Attributes(number * PointsPerBatch + i)) writer.Attribute(key, value);
            writer.EndPoint(1L);
        }

        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Attributes of one series.</summary>
    public static IEnumerable<(string Key, string Value)> Attributes(int series) =>
    [
        ("customer", $"customer-{series / Folded:00000000}"),
        ("slot", (series % Folded).ToString("00", CultureInfo.InvariantCulture)),
        ("http.request.method", "POST"),
        ("http.route", $"/api/v2/customers/orders/{series / Folded % 37:00}/items"),
        ("http.response.status_code", "200"),
        ("server.address", "checkout.shop.internal.example"),
        ("cloud.availability_zone", "eu-central-1b"),
        ("deployment.environment.name", "production"),
    ];

    /// <summary>Where time and value of each point lie: the writer puts start and time first and the value last.</summary>
    static (int Time, int Value)[] Places(byte[] batch)
    {
        const int TimeInPoint = 10;
        var found = new List<(int, int)>();
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        new ReadOnlySpan<byte>(batch).Overlaps(reader.Point, out var at);
                        found.Add((at + TimeInPoint, at + reader.Point.Length - sizeof(ulong)));
                    }
                }
            }
        }

        return [.. found];
    }
}
