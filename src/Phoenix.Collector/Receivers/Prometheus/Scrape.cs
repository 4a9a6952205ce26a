using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>
/// One scrape: takes the exposition as a stream, line by line, relabels it and converts it in pieces. What it holds counts
/// against a budget. The pieces are for use only once the exposition ended well, since a scrape counts as a whole or not at all.
/// </summary>
internal sealed class Scrape(ScrapeJob job, ScrapeTarget target, SeriesCache cache, HostIdentity host, ByteBudget budget, ulong time) : IDisposable
{
    private const int ReadBytes = 64 << 10;
    private const int LongestLine = 1 << 20;
    private const int PieceBytes = 256 << 10;
    private const int WritersKept = 4;

    private static readonly ConcurrentQueue<OtlpWriter> Writers = new();

    private readonly FamilyDeclaration _family = new();
    private readonly List<ScrapeResource> _resources = [];
    private readonly OtlpWriter _writer = Writers.TryDequeue(out var kept) ? kept : new();
    private ExpositionFormat _format;
    private bool _ended;
    private long _line;
    private long _waiting;
    private long _held;

    /// <summary>What was converted, with its points.</summary>
    public List<(SharedBytes Batch, int Points)> Pieces { get; } = [];

    public long Scraped { get; private set; }

    public long AfterRelabelling { get; private set; }

    /// <summary>Samples left out because the scrape had one of the same series and time before.</summary>
    public long Repeated { get; private set; }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="ScrapeFailedException">The exposition is malformed or beyond a limit.</exception>
    public async Task ReadAsync(Stream exposition, ExpositionFormat format, CancellationToken stop)
    {
        _format = format;
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            long total = 0;
            var filled = 0;
            while (true)
            {
                if (filled == buffer.Length)
                {
                    buffer = Grow(buffer);
                }

                var read = await exposition.ReadAsync(buffer.AsMemory(filled), stop);
                if (read == 0)
                {
                    break;
                }

                total += read;
                if (total > job.Limits.BodyBytes)
                {
                    throw new ScrapeFailedException($"the exposition is longer than body_size_limit, {job.Limits.BodyBytes} bytes");
                }

                filled += read;
                var taken = Take(buffer.AsSpan(0, filled));
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
            }

            if (filled > 0)
            {
                TakeLine(buffer.AsSpan(0, filled));
            }

            if (format == ExpositionFormat.OpenMetrics && !_ended)
            {
                throw new ScrapeFailedException($"the exposition ends after line {_line} without # EOF: it was cut off");
            }

            Convert();
            cache.EndRound();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lets go of whatever was not taken.</summary>
    public void Dispose()
    {
        foreach (var (batch, _) in Pieces)
        {
            batch.Release();
        }

        Pieces.Clear();
        _resources.ForEach(r => r.Clear());
        budget.Return(_held);
        _writer.Clear();
        if (Writers.Count < WritersKept)
        {
            Writers.Enqueue(_writer);
        }
    }

    private byte[] Grow(byte[] buffer)
    {
        if (buffer.Length >= LongestLine)
        {
            throw new ScrapeFailedException($"line {_line + 1} is longer than {LongestLine} bytes");
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <returns>Bytes of whole lines.</returns>
    private int Take(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (text[at..].IndexOf((byte)'\n') is var end and >= 0)
        {
            TakeLine(text.Slice(at, end));
            at += end + 1;
        }

        return at;
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        _line++;
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty)
        {
            return;
        }

        if (_ended)
        {
            throw new ScrapeFailedException($"line {_line}: text after # EOF");
        }

        if (line[0] == (byte)'#')
        {
            _ended = _format == ExpositionFormat.OpenMetrics && line.SequenceEqual("# EOF"u8);
            if (_family.Take(line[1..]) && _waiting >= PieceBytes)
            {
                Convert();
            }

            return;
        }

        try
        {
            TakeSample(line);
        }
        catch (ScrapeFailedException e)
        {
            throw new ScrapeFailedException($"line {_line}: {e.Message}: {Encoding.UTF8.GetString(line[..Math.Min(line.Length, 120)])}");
        }
    }

    private void TakeSample(ReadOnlySpan<byte> line)
    {
        var length = SeriesText.Length(line);
        if (length <= 0)
        {
            throw new ScrapeFailedException(length < 0 ? "the labels are not closed by }" : "the metric's name is missing");
        }

        var series = line[..length];
        var rest = CheckedRest(line[length..], out var exemplar, out var stamped);
        Scraped++;
        var resolved = cache.Resolve(series, out var repeated);
        if (resolved.Resource is not { } resource)
        {
            return;
        }

        if (repeated && !stamped)
        {
            // Two values at one time: the first one stays, as in Prometheus.
            Repeated++;
            return;
        }

        AfterRelabelling++;
        if (job.Limits.Samples > 0 && AfterRelabelling > job.Limits.Samples)
        {
            throw new ScrapeFailedException($"the target has more samples than sample_limit, {job.Limits.Samples}");
        }

        _family.Meet(series);
        if (!_family.HasType && _waiting >= PieceBytes)
        {
            Convert();
        }

        if (resource.Text.IsEmpty)
        {
            _resources.Add(resource);
        }

        var name = resolved.Text ?? series;
        var before = resource.Text.Length;
        _family.WriteTo(resource, series, name);
        resource.Append(name);
        resource.Append(rest);
        resource.Append(exemplar);
        resource.Append("\n"u8);
        _waiting += resource.Text.Length - before;
    }

    /// <summary>Value, timestamp and exemplar, the numbers checked; without the timestamp where it is not honoured.</summary>
    /// <param name="exemplar">The exemplar behind a timestamp that is left out.</param>
    private ReadOnlySpan<byte> CheckedRest(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> exemplar, out bool stamped)
    {
        stamped = false;
        exemplar = default;
        var value = rest.TrimStart(" \t"u8);
        var end = value.IndexOfAny((byte)' ', (byte)'\t');
        var number = end < 0 ? value : value[..end];
        if (!SeriesText.IsNumber(number))
        {
            throw new ScrapeFailedException("the value is no number");
        }

        var stamp = value[number.Length..].TrimStart(" \t"u8);
        end = stamp.IndexOfAny((byte)' ', (byte)'\t');
        stamp = end < 0 ? stamp : stamp[..end];
        if (stamp.IsEmpty || stamp[0] == (byte)'#')
        {
            return rest;
        }

        if (!SeriesText.IsNumber(stamp))
        {
            throw new ScrapeFailedException("the timestamp is no number");
        }

        stamped = job.HonorTimestamps;
        if (stamped)
        {
            return rest;
        }

        if (rest.IndexOf(" #"u8) is var at and >= 0)
        {
            exemplar = rest[at..];
        }

        return rest[..(rest.Length - value.Length + number.Length)];
    }

    private void Convert()
    {
        foreach (var resource in _resources)
        {
            _writer.Clear();
            ScrapeReport.BeginResource(_writer, target, resource.Job, resource.Instance, host);
            var result = PrometheusText.Parse(resource.Text, _format, time, _writer);
            _writer.EndResource();
            resource.Clear();
            if (result.FirstError is { } error)
            {
                throw new ScrapeFailedException($"before line {_line + 1}: {error}");
            }

            Hold(_writer.WrittenSpan, _writer.Points);
        }

        _resources.Clear();
        _waiting = 0;
    }

    private void Hold(ReadOnlySpan<byte> batch, int points)
    {
        if (!budget.TryTake(batch.Length))
        {
            throw new ScrapeFailedException("the scrapes under way together hold too much");
        }

        _held += batch.Length;
        Pieces.Add((SharedBytes.Copy(batch), points));
    }
}
