using System.Collections.Concurrent;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary>
/// Turns bodies in OTLP/JSON into the bytes that travel between components. What is made of a body is bounded like the body
/// itself and counts against the same budget while it is made.
/// </summary>
internal sealed class OtlpJsonBodies(OtlpIntake intake, long maxBytes, ByteBudget bodies)
{
    // Each reader keeps the buffers of the largest body that it met: after a burst only these stay.
    private const int ReadersKept = 2;

    // Eight bytes are made of two, as in [0,0]; and a buffer that grows holds twice what it needs.
    private const int MostGrowth = 8;

    private readonly ConcurrentQueue<OtlpJsonReader> _readers = new();

    public async ValueTask<Answer> TakeAsync(BoundedBody body)
    {
        await intake.RoomAsync(body.Content.Length);
        var taken = Math.Min(MostGrowth * (long)body.Content.Length, 2 * maxBytes);
        if (!bodies.TryTake(taken))
        {
            return OtlpIntake.NoRoom;
        }

        var reader = _readers.TryDequeue(out var idle) ? idle : new OtlpJsonReader((int)maxBytes);
        try
        {
            var points = reader.Read(body.Content.Span);
            return points == 0 ? Answer.Accepted : intake.Accept(SharedBytes.Copy(reader.Batch), points);
        }
        catch (OtlpJsonFormatException e)
        {
            return intake.Malformed(e.Message);
        }
        catch (OtlpJsonSizeException)
        {
            return OtlpIntake.TooLarge(maxBytes, "max_request_body_size");
        }
        finally
        {
            bodies.Return(taken);
            if (_readers.Count < ReadersKept)
            {
                _readers.Enqueue(reader);
            }
        }
    }
}
