using System.Buffers.Binary;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public sealed class FileExporterTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task batches_are_written_behind_their_length(string compression)
    {
        var file = _place.File("out.bin");
        await using var collector = Start($"  file: {{path: {file}, format: proto, compression: {compression}}}", "file");
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(1, 1));
        await Batches.SendAsync(otlp, Batches.Requests(2, 2));
        await collector.HealthyAsync();

        await Wait.UntilAsync("both batches", () => Task.FromResult(Read(file, compression).Count == 3));

        Read(file, compression).ShouldBe([1, 2, 4]);
    }

    [Fact]
    public async Task without_a_format_each_batch_is_a_line_of_json()
    {
        var file = _place.File("out.json");
        await using var collector = Start($"  file: {{path: {file}}}", "file");
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(1, 1));
        await Batches.SendAsync(otlp, Batches.Requests(2, 2));

        await Wait.UntilAsync("both batches", () => Task.FromResult(Lines() is [.., ""] and { Length: 3 }));

        var reader = new OtlpJsonReader();
        Lines()[..^1].SelectMany(line =>
        {
            reader.Read(System.Text.Encoding.UTF8.GetBytes(line));
            return HttpPeer.Decode(reader.Batch.ToArray());
        }).Select(p => p.Value).ShouldBe([1, 2, 4]);
        Lines()[0].ShouldStartWith("{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]}");

        string[] Lines() => File.ReadAllText(file).Split('\n');
    }

    [Fact]
    public async Task compressed_json_is_written_behind_its_length()
    {
        var file = _place.File("out.bin");
        await using var collector = Start($"  file: {{path: {file}, format: json, compression: zstd}}", "file");
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(2, 2));
        await Wait.UntilAsync("the batch", () => Task.FromResult(new FileInfo(file).Length > 0));

        var bytes = File.ReadAllBytes(file);
        BinaryPrimitives.ReadInt32BigEndian(bytes).ShouldBe(bytes.Length - sizeof(int));
        using var zstd = new ZstdSharp.Decompressor();
        var reader = new OtlpJsonReader();
        reader.Read(zstd.Unwrap(bytes.AsSpan(sizeof(int)))).ShouldBe(2);
        HttpPeer.Decode(reader.Batch.ToArray()).Select(p => p.Value).ShouldBe([2, 4]);
    }

    [Fact]
    public async Task a_full_file_is_put_aside_and_only_so_many_are_kept()
    {
        var file = _place.File("out.bin");
        await using var collector = Start($"  file: {{path: {file}, format: proto, rotation: {{max_megabytes: 1, max_backups: 2}}}}", "file");
        var otlp = await collector.OtlpAsync();

        // Each batch has more than half a megabyte, so that two never fit into one file.
        for (var i = 1; i <= 5; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(5_000, i, padding: 100));
        }

        await Wait.UntilAsync("the last batch", async () => (await collector.MetricsAsync()).Contains("otelcol_exporter_sent_metric_points{exporter=\"file\"} 25000\n", StringComparison.Ordinal));
        var aside = Directory.GetFiles(Path.GetDirectoryName(file)!, "out-*.bin");
        aside.Length.ShouldBe(2);
        var kept = aside.Append(file).SelectMany(f => Read(f, "none")).ToList();
        kept.Count.ShouldBe(15_000, "the last three batches");
        kept.Min().ShouldBe(3);
    }

    [Fact]
    public async Task a_directory_that_does_not_exist_is_named_by_validate_and_at_start()
    {
        var yaml = Yaml.Into("  file:\n    path: /nowhere/at/all/out.bin\n    format: proto", "file");
        var file = _place.Configuration("bad");
        File.WriteAllText(file, yaml);

        var (exitCode, _, error) = await CollectorProcess.RunToEndAsync("validate", "--config", file);
        await using var collector = CollectorProcess.Start(_place, "production", yaml);

        exitCode.ShouldBe(1);
        error.ShouldContain($"{file}:6: exporters.file.path:");
        (await collector.ExitAsync()).ShouldBe(3);
    }

    private CollectorProcess Start(string exporters, string names) => CollectorProcess.Start(_place, "production", Yaml.Into(exporters, names));

    private static List<double> Read(string file, string compression)
    {
        var values = new List<double>();
        var bytes = (ReadOnlySpan<byte>)File.ReadAllBytes(file);
        while (bytes.Length >= sizeof(int) && BinaryPrimitives.ReadInt32BigEndian(bytes) is var length && bytes.Length >= sizeof(int) + length)
        {
            var message = bytes.Slice(sizeof(int), length).ToArray();
            using var zstd = new ZstdSharp.Decompressor();
            values.AddRange(HttpPeer.Decode(compression == "zstd" ? zstd.Unwrap(message).ToArray() : message).Select(p => p.Value));
            bytes = bytes[(sizeof(int) + length)..];
        }

        return values;
    }
}
