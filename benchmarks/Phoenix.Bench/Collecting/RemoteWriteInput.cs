using System.Text;
using Snappier;

namespace Phoenix.Bench.Collecting;

/// <summary>The series of <see cref="OtlpInput"/> as Prometheus writes them: labels in order of their names, 1,000 series a request.</summary>
sealed class RemoteWriteInput
{
    readonly byte[][] requests;
    readonly (int Value, int Time)[][] places;

    public RemoteWriteInput(int series)
    {
        Series = series;
        requests = new byte[series / OtlpInput.PointsPerBatch][];
        places = new (int, int)[requests.Length][];
        for (var i = 0; i < requests.Length; i++) (requests[i], places[i]) = Encode(i);
    }

    public int Series { get; }

    /// <summary>The bodies of one sweep, compressed.</summary>
    public byte[][] Sweep(ulong milliseconds, double value)
    {
        var bodies = new byte[requests.Length][];
        for (var i = 0; i < bodies.Length; i++)
        {
            foreach (var (valueAt, timeAt) in places[i])
            {
                BitConverter.TryWriteBytes(requests[i].AsSpan(valueAt), value);
                Varint(requests[i].AsSpan(timeAt), milliseconds);
            }

            bodies[i] = Snappy.CompressToArray(requests[i]);
        }

        return bodies;
    }

    static (byte[] Request, (int, int)[] Places) Encode(int number)
    {
        var request = new MemoryStream();
        var places = new (int, int)[OtlpInput.PointsPerBatch];
        for (var i = 0; i < places.Length; i++)
        {
            var series = number * OtlpInput.PointsPerBatch + i;
            var message = new MemoryStream();
            (string Key, string Value)[] labels =
            [
                ("__name__", "shop_checkout_requests_total"), ("instance", "checkout-7d9f8b6c5d-x2x9z"), ("job", "checkout"),
                .. OtlpInput.Attributes(series).Select(a => (a.Key.Replace('.', '_'), a.Value)),
            ];
            foreach (var (key, value) in labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            {
                var label = new MemoryStream();
                Bytes(label, 1, Encoding.UTF8.GetBytes(key));
                Bytes(label, 2, Encoding.UTF8.GetBytes(value));
                Bytes(message, 1, label.ToArray());
            }

            // A sample: a double behind its tag, a time of six bytes (until the year 2109) behind its own.
            byte[] sample = [9, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0];
            Varint(sample.AsSpan(10), 1_700_000_000_000);
            Bytes(message, 2, sample);
            Bytes(request, 1, message.ToArray());
            places[i] = ((int)request.Length - 15, (int)request.Length - 6);
        }

        return (request.ToArray(), places);
    }

    static void Bytes(MemoryStream target, int field, byte[] content)
    {
        Span<byte> head = stackalloc byte[6];
        head[0] = (byte)((field << 3) | 2);
        target.Write(head[..(1 + Varint(head[1..], (ulong)content.Length))]);
        target.Write(content);
    }

    static int Varint(Span<byte> target, ulong value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7) target[length++] = (byte)(value | 0x80);
        target[length++] = (byte)value;
        return length;
    }
}
