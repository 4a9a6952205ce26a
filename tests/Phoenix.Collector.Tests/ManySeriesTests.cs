using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>Many series at once, in the real process: what comes out adds up, and memory stays within a bound.</summary>
public sealed class ManySeriesTests : IDisposable
{
    private const int SeriesPerBatch = 1_000;
    private const int SeriesPerGroup = 10;

    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task a_hundred_thousand_series_that_come_go_and_reset_lose_no_increment()
    {
        var file = _place.File("out.bin");
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(
            "phoenix_aggregate: {rules: [{metrics: [shop.*], drop: [slot]}], export_interval: 1s}", $"file: {{path: {file}, format: proto, rotation: {{max_megabytes: 10000}} }}"));
        var otlp = await collector.OtlpAsync();
        var blocks = Enumerable.Range(0, 100).Select(number => new Block(number)).ToArray();

        var resident = 0L;
        for (var sweep = 0; sweep < 12; sweep++)
        {
            for (var i = 0; i < blocks.Length; i++)
            {
                // Every sweep three blocks of series give way to new ones and five counters begin again, each time others.
                if (sweep > 0 && (i - 3 * sweep) is >= 0 and < 3)
                {
                    blocks[i].Renew();
                }
                else if (sweep > 0 && (i - 40 - 5 * sweep) is >= 0 and < 5)
                {
                    blocks[i].Reset();
                }

                blocks[i].Count(i % 7 + 1);
                await Batches.SendAsync(otlp, blocks[i].Encode());
            }

            resident = sweep == 1 ? (await collector.StatusAsync())!.ResidentBytes : resident;
        }

        var expected = SeriesPerBatch * blocks.Sum(b => b.Increments);
        await Wait.UntilAsync("every increment to come out", () => Task.FromResult(Total(file) == expected));
        var metrics = await collector.MetricsAsync();
        Sum(metrics, "phoenix_processor_late_points").ShouldBe(0);
        Sum(metrics, "phoenix_exporter_dropped_metric_points").ShouldBe(0);
        var last = (await collector.StatusAsync())!.Window;
        var window = await collector.WindowAsync("a window after the last sweep", w => w.Number >= last && w.Ledger.Increments > 0);
        window.Ledger.ErrorPct.ShouldBe(0);

        // A third of the series was replaced, and what went is remembered for a while.
        (await collector.StatusAsync())!.ResidentBytes.ShouldBeLessThan(2 * resident);
    }

    [Theory]
    [InlineData("phoenix_aggregate: {rules: [{metrics: [shop.*], drop: [slot]}], max_streams: 20000}")]
    [InlineData("phoenix_topk: {metrics: [shop.*], labels: [group], k: 10, max_streams: 20000}")]
    [InlineData("phoenix_adaptive: {series_budget: 5000, max_streams: 20000}")]
    public async Task a_label_with_a_million_values_does_not_fill_the_memory(string processor)
    {
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(processor, "nop:", ", max_series: 20000"));
        var otlp = await collector.OtlpAsync();
        await SendAsync(0, 100);
        var full = (await collector.StatusAsync())!.ResidentBytes;

        await SendAsync(100, 1_000);

        var resident = (await collector.StatusAsync())!.ResidentBytes;
        resident.ShouldBeLessThan(full + (64 << 20), "the tables were full after a tenth of the values");
        Sum(await collector.MetricsAsync(), "otelcol_receiver_accepted_metric_points").ShouldBe(1_000_000);

        async Task SendAsync(int from, int to)
        {
            for (var number = from; number < to; number++)
            {
                await Batches.SendAsync(otlp, new Block(number).Encode(group: i => $"group-{number * SeriesPerBatch + i}"));
            }

            await Wait.UntilAsync("the points to be processed", async () =>
                Sum(await collector.MetricsAsync(), "otelcol_processor_incoming_items") == (double)to * SeriesPerBatch);
        }
    }

    private static string Configuration(string processor, string exporter, string telemetry = "") => $$"""
        receivers:
          otlp:
            protocols: {http: {endpoint: "127.0.0.1:0"} }
        processors:
          {{processor}}
        exporters:
          {{exporter}}
        service:
          telemetry: {phoenix: {window: 1s, queue_bytes: 8388608{{telemetry}} } }
          pipelines:
            metrics: {receivers: [otlp], processors: [{{processor[..processor.IndexOf(':', StringComparison.Ordinal)]}}], exporters: [{{exporter[..exporter.IndexOf(':', StringComparison.Ordinal)]}}]}
        """;

    private static double Sum(string metrics, string name) => metrics.Split('\n').Where(l => l.StartsWith(name, StringComparison.Ordinal))
        .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>The sum over all streams in the file of what each counted last. What is written now may end in half a message.</summary>
    private static long Total(string file)
    {
        var newest = new Dictionary<string, (ulong Time, long Value)>();
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        for (var at = 0; at + sizeof(int) <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            if (at + sizeof(int) + length > bytes.Length)
            {
                break;
            }

            Read(bytes.AsSpan(at + sizeof(int), length), newest);
            at += sizeof(int) + length;
        }

        return newest.Values.Sum(v => v.Value);
    }

    private static void Read(ReadOnlySpan<byte> batch, Dictionary<string, (ulong Time, long Value)> newest)
    {
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        // The one attribute that is left, as it stands in the bytes: "group-" and a number.
                        var point = reader.ReadPoint();
                        var group = reader.Point[reader.Point.IndexOf("group-"u8)..][..GroupLength];
                        var key = Encoding.UTF8.GetString(group);
                        if (!point.NoRecordedValue && (!newest.TryGetValue(key, out var known) || point.UnixNanos >= known.Time))
                        {
                            newest[key] = (point.UnixNanos, (long)point.ValueBits);
                        }
                    }
                }
            }
        }
    }

    private static readonly int GroupLength = Block.Group(0, 0, 0).Length;

    /// <summary>A thousand counters that count alike, and what they have counted since each was first seen.</summary>
    private sealed class Block(int number)
    {
        private int _generation;
        private long? _seen;
        private long _value;

        public long Increments { get; private set; }

        public static string Group(int generation, int number, int series) => $"group-{generation:00}-{number:000}-{series / SeriesPerGroup:000}";

        /// <summary>Other series take the place of these.</summary>
        public void Renew() => (_generation, _seen, _value) = (_generation + 1, null, 0);

        /// <summary>The counters begin again at zero.</summary>
        public void Reset() => _value = 0;

        public void Count(long more)
        {
            // As it is defined for counters: a first value is a base, one that has fallen counted up from zero.
            _value += more;
            Increments += _seen is not { } seen ? 0 : _value >= seen ? _value - seen : _value;
            _seen = _value;
        }

        public byte[] Encode(Func<int, string>? group = null)
        {
            var writer = new OtlpWriter();
            var now = (ulong)Clock.UnixNanos();
            writer.BeginResource();
            writer.ResourceAttribute("service.name", "shop");
            writer.BeginScope("test", "");
            writer.BeginSum("shop.requests", "1", "", monotonic: true, Temporality.Cumulative);
            for (var i = 0; i < SeriesPerBatch; i++)
            {
                writer.BeginPoint(0, now);
                writer.Attribute("group", group?.Invoke(i) ?? Group(_generation, number, i));
                writer.Attribute("slot", (i % SeriesPerGroup).ToString(CultureInfo.InvariantCulture));
                writer.EndPoint(_value);
            }

            writer.EndMetric();
            writer.EndScope();
            writer.EndResource();
            return writer.WrittenSpan.ToArray();
        }
    }
}
