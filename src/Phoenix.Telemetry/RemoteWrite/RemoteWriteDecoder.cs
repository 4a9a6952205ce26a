using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Turns remote write 1.0 requests (<c>prometheus.WriteRequest</c>, snappy) into OTLP batches. Not thread-safe: one decoder a
/// thread, with one <see cref="RemoteWriteTypes"/> between them.
/// </summary>
/// <remarks>
/// <para>
/// <c>job</c> and <c>instance</c> become the resource (<c>service.namespace</c>, <c>service.name</c>,
/// <c>service.instance.id</c>), everything else point attributes; the scope is <see cref="PrometheusNames.Scope"/>. A sample is
/// a point, with its start unknown; the stale marker becomes "no recorded value". Counters, and the <c>_bucket</c>, <c>_sum</c>
/// and <c>_count</c> series of histograms and summaries, are cumulative monotonic sums, each under its own name: a sender may
/// put the series of one histogram into different requests, so that they cannot be gathered into a histogram point.
/// Native histograms become exponential ones. <c>target_info</c> stays a metric.
/// </para>
/// <para>
/// Other than the OpenTelemetry mapping asks, <c>otel_scope_</c> labels stay labels, so that a series leaves with the labels
/// that it came with.
/// </para>
/// </remarks>
public sealed class RemoteWriteDecoder
{
    private readonly RemoteWriteDecoderOptions options;
    private readonly RemoteWriteTypes types;
    private readonly ProtoBuffer batch = new();
    private readonly RemoteWriteSeries series = new();
    private readonly RemoteWriteGroups groups = new();
    private readonly RemoteWriteExemplars exemplars = new();
    private readonly NativeHistogramReader native = new();
    private byte[] inflated = [];
    private int points, refused, untyped, exemplarsTaken, strayExemplars;
    private string? firstProblem;

    public RemoteWriteDecoder(RemoteWriteDecoderOptions options, RemoteWriteTypes types)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(types);
        this.options = options;
        this.types = types;
    }

    /// <summary>OTLP made of the last request; valid until the next. Empty where no sample was in it.</summary>
    public ReadOnlySpan<byte> Batch => batch.Span;

    /// <summary>About how large the batch of a body will be: as large as its request, uncompressed.</summary>
    public static int BatchLengthOf(ReadOnlySpan<byte> snappyBody) => SnappyBody.LengthOf(snappyBody);

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="RemoteWriteFormatException">The body is malformed; nothing of it was taken.</exception>
    /// <exception cref="RemoteWriteSizeException">It is too large; nothing of it was taken.</exception>
    public RemoteWriteIntake Decode(ReadOnlySpan<byte> snappyBody)
    {
        batch.Clear();
        var length = SnappyBody.Decompress(snappyBody, options.MaxRequestBytes, ref inflated);
        return DecodeRequest(inflated.AsSpan(0, length));
    }

    /// <summary>Reads a request that is uncompressed already; otherwise as <see cref="Decode"/>.</summary>
    public RemoteWriteIntake DecodeRequest(ReadOnlySpan<byte> request)
    {
        batch.Clear();
        groups.Clear();
        (points, refused, untyped, exemplarsTaken, strayExemplars, firstProblem) = (0, 0, 0, 0, 0, null);
        try
        {
            Learn(request);
            Gather(request);
            exemplars.Gather(request, groups);
            Write(request);
        }
        catch (OtlpFormatException e)
        {
            batch.Clear();
            throw new RemoteWriteFormatException(e.Problem, e.Offset);
        }
        catch (RemoteWriteSizeException)
        {
            batch.Clear();
            throw;
        }

        return new RemoteWriteIntake(points, refused, firstProblem, untyped, exemplarsTaken, strayExemplars);
    }

    // Metadata stands behind the series and says what they are.
    private void Learn(ReadOnlySpan<byte> request)
    {
        var cursor = new ProtoCursor(request, 0);
        while (cursor.Next())
        {
            if (cursor.Field != 3)
                continue;
            cursor.Expect(WireType.Bytes, "metadata");
            var type = PrometheusType.Unknown;
            ReadOnlySpan<byte> family = default, help = default, unit = default;
            var field = new ProtoCursor(cursor.Content, cursor.ContentOrigin);
            while (field.Next())
            {
                switch (field.Field)
                {
                    case 1:
                        field.Expect(WireType.Varint, "metric type");
                        type = field.Scalar <= (ulong)PrometheusType.StateSet ? (PrometheusType)field.Scalar : PrometheusType.Unknown;
                        break;
                    case 2:
                        field.Expect(WireType.Bytes, "metric family name");
                        family = field.Content;
                        break;
                    case 4:
                        field.Expect(WireType.Bytes, "help");
                        help = field.Content;
                        break;
                    case 5:
                        field.Expect(WireType.Bytes, "unit");
                        unit = field.Content;
                        break;
                }
            }

            if (family.Length > 0)
                types.Learn(family, type, unit, help);
        }
    }

    private void Gather(ReadOnlySpan<byte> request)
    {
        var number = 0;
        var cursor = new ProtoCursor(request, 0);
        while (cursor.Next())
        {
            if (cursor.Field != 1)
                continue;
            cursor.Expect(WireType.Bytes, "series");
            number++;
            var (start, length) = (cursor.ContentOrigin, cursor.Content.Length);
            var problem = series.Read(request, start, length);
            if (problem is not null)
                Refuse(Math.Max(series.Samples + series.Histograms, 1), problem, number, start);
            else
                groups.Add(request, series, start, length, number);
        }
    }

    private void Write(ReadOnlySpan<byte> request)
    {
        for (var r = 0; r < groups.Resources.Count; r++)
        {
            var resource = groups.Resources[r];
            if (resource.FirstMetric < 0)
                continue;
            var before = batch.Length;
            var wrote = points;
            var resourceMetrics = batch.Begin(1);
            WriteResource(Slice(request, resource.Job), Slice(request, resource.Instance));
            var scopeMetrics = batch.Begin(2);
            var scope = batch.Begin(1);
            batch.Text(1, PrometheusNames.Scope);
            batch.End(scope);
            for (var m = resource.FirstMetric; m >= 0; m = groups.Metrics[m].Next)
                WriteMetric(request, groups.Metrics[m]);
            batch.End(scopeMetrics);
            batch.End(resourceMetrics);
            if (points == wrote)
                batch.Truncate(before);
        }
    }

    private void WriteResource(ReadOnlySpan<byte> job, ReadOnlySpan<byte> instance)
    {
        var resource = batch.Begin(1);
        var slash = job.IndexOf((byte)'/');
        if (slash > 0 && slash < job.Length - 1 && !job[(slash + 1)..].Contains((byte)'/'))
        {
            KeyValue.Write(batch, Attributes.OfResource, "service.namespace"u8, job[..slash]);
            job = job[(slash + 1)..];
        }

        if (job.Length > 0)
            KeyValue.Write(batch, Attributes.OfResource, "service.name"u8, job);
        if (instance.Length > 0)
            KeyValue.Write(batch, Attributes.OfResource, "service.instance.id"u8, instance);
        batch.End(resource);
    }

    // The points of a custom-bounds histogram are of another OTLP type than those of an exponential one.
    private void WriteMetric(ReadOnlySpan<byte> request, RemoteWriteGroups.Metric metric)
    {
        var name = Slice(request, metric.Name);
        var type = types.Resolve(name, metric.Native, metric.Edged);
        if (!metric.Native)
        {
            WriteMetric(request, metric, name, type, type.Form);
            return;
        }

        WriteMetric(request, metric, name, type, MetricType.ExponentialHistogram);
        WriteMetric(request, metric, name, type, MetricType.Histogram);
    }

    private void WriteMetric(ReadOnlySpan<byte> request, RemoteWriteGroups.Metric metric, ReadOnlySpan<byte> name, in SeriesType type, MetricType form)
    {
        var before = batch.Length;
        var wrote = points;
        var message = batch.Begin(2);
        batch.Bytes(1, name);
        if (type.Metadata is { } metadata)
        {
            if (metadata.Help.Length > 0)
                batch.Bytes(2, metadata.Help);
            if (metadata.Unit.Length > 0)
                batch.Bytes(3, metadata.Unit);
        }

        var data = batch.Begin((int)form);
        if (form != MetricType.Gauge)
        {
            batch.Tag(2, WireType.Varint);
            batch.Varint((uint)Temporality.Cumulative);
        }

        if (form == MetricType.Sum && type.Monotonic)
            batch.Flag(3);
        for (var s = metric.FirstSeries; s >= 0; s = groups.Series[s].Next)
        {
            var entry = groups.Series[s];
            if (metric.Native)
                WriteHistograms(request, s, entry, form);
            else
                WriteSamples(request, s, entry, form);
            if (batch.Length > options.MaxBatchBytes)
                throw new RemoteWriteSizeException($"as OTLP it has more than {options.MaxBatchBytes} bytes");
        }

        batch.End(data);
        KeyValue.Write(batch, 12, "prometheus.type"u8, PrometheusTypes.Word(type.Type));
        batch.End(message);
        if (points == wrote)
            batch.Truncate(before);
        else if (!type.Known)
            untyped += points - wrote;
    }

    private void WriteSamples(ReadOnlySpan<byte> request, int number, RemoteWriteGroups.OneSeries entry, MetricType form)
    {
        var left = entry.Samples;
        var cursor = new ProtoCursor(request[entry.SamplesAt..(entry.Start + entry.Length)], entry.SamplesAt);
        while (cursor.Next())
        {
            if (cursor.Field != 2)
                continue;
            left--;
            ulong bits = 0;
            long milliseconds = 0;
            var sample = new ProtoCursor(cursor.Content, cursor.ContentOrigin);
            while (sample.Next())
            {
                if (sample.Field == 1)
                {
                    sample.Expect(WireType.Fixed64, "sample value");
                    bits = sample.Scalar;
                }
                else if (sample.Field == 2)
                {
                    sample.Expect(WireType.Varint, "sample timestamp");
                    milliseconds = (long)sample.Scalar;
                }
            }

            if (!PrometheusTime.TryNanoseconds(milliseconds, out var time))
            {
                Refuse(1, $"a timestamp of {milliseconds} ms", entry.Number, cursor.ContentOrigin);
                continue;
            }

            var point = batch.Begin(1);
            batch.Fixed64(3, time);
            WriteLabels(request, entry, Attributes.FieldOf(form));
            if (bits == StaleMarker.Bits)
                batch.Flag(8);
            else
                batch.Fixed64(4, bits);
            if (left == 0)
                exemplarsTaken += exemplars.Write(request, number, batch, 5);
            batch.End(point);
            points++;
        }

        if (entry.Samples == 0 && !exemplars.HasHolder(number))
            strayExemplars += entry.Exemplars;
    }

    private void WriteHistograms(ReadOnlySpan<byte> request, int number, RemoteWriteGroups.OneSeries entry, MetricType form)
    {
        var left = entry.Histograms;
        var cursor = new ProtoCursor(request[entry.SamplesAt..(entry.Start + entry.Length)], entry.SamplesAt);
        while (cursor.Next())
        {
            if (cursor.Field != 4)
                continue;
            left--;
            var problem = native.Read(cursor.Content, cursor.ContentOrigin);
            ulong time = 0;
            if (problem is null && !PrometheusTime.TryNanoseconds(native.Milliseconds, out time))
                problem = $"a timestamp of {native.Milliseconds} ms";
            if (problem is not null)
            {
                if (form == MetricType.ExponentialHistogram)
                    Refuse(1, problem, entry.Number, cursor.ContentOrigin);
                continue;
            }

            if (native.Form != form)
                continue;
            var point = batch.Begin(1);
            batch.Fixed64(3, time);
            WriteLabels(request, entry, Attributes.FieldOf(form));
            native.WriteFields(batch);
            if (left == 0)
                exemplarsTaken += exemplars.Write(request, number, batch, form == MetricType.Histogram ? 8 : 11);
            batch.End(point);
            points++;
        }
    }

    private void WriteLabels(ReadOnlySpan<byte> request, RemoteWriteGroups.OneSeries entry, int field)
    {
        foreach (var label in CollectionsMarshal.AsSpan(groups.Labels)[entry.FirstLabel..entry.EndOfLabels])
            KeyValue.Write(batch, field, request.Slice(label.Name, label.NameLength), request.Slice(label.Value, label.ValueLength));
    }

    private void Refuse(int samples, string problem, int seriesNumber, int offset)
    {
        refused += samples;
        firstProblem ??= $"series {seriesNumber} at byte {offset} of the uncompressed request: {problem}";
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> request, LabelRange label) => request.Slice(label.Value, label.ValueLength);
}
