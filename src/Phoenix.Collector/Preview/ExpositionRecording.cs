using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Preview;

/// <summary>
/// A recording of scrapes: a <c>.tar.gz</c> whose entries <c>NAME.NN.prom</c> are expositions in their order. When each was
/// scraped is in <c>times.txt</c> beside it (<c>NN unix-seconds</c> a line), else the entry's own time.
/// </summary>
internal static class ExpositionRecording
{
    public const string Extension = ".tar.gz";

    // Of one scrape; node exporters serve kilobytes, the largest federations tens of megabytes.
    private const long MaxExpositionBytes = 256 << 20;

    /// <exception cref="InvalidDataException">The archive holds something else than expositions.</exception>
    public static IEnumerable<SampleBatch> Batches(string path)
    {
        var times = Times(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "times.txt"));
        var job = Path.GetFileName(path)[..^Extension.Length];
        using var archive = new TarReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var writer = new OtlpWriter();
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is null)
            {
                continue;
            }

            if (!entry.Name.EndsWith(".prom", StringComparison.Ordinal) || entry.Length > MaxExpositionBytes)
            {
                throw new InvalidDataException($"{path} holds {entry.Name} of {entry.Length} bytes, which is no exposition (NAME.NN.prom, at most {MaxExpositionBytes} bytes)");
            }

            var text = new byte[entry.Length];
            entry.DataStream.ReadExactly(text);
            var at = times.TryGetValue(entry.Name.Split('.')[^2], out var recorded) ? recorded : Clock.Nanos(entry.ModificationTime);
            writer.Clear();
            writer.BeginResource();
            writer.ResourceAttribute("service.name", job);
            writer.ResourceAttribute("service.instance.id", "recorded");
            // As of a scrape on the same machine; a name of its own, so that the numbers do not depend on where this runs.
            writer.ResourceAttribute("host.id", "recorded");
            var result = PrometheusText.Parse(text, (ulong)at, writer);
            writer.EndResource();
            if (result.Malformed > 0)
            {
                throw new InvalidDataException($"{entry.Name} in {path} has {result.Malformed} lines that cannot be read: {result.FirstError}");
            }

            yield return new(at, writer.WrittenSpan.ToArray());
        }
    }

    private static Dictionary<string, long> Times(string path) => !File.Exists(path) ? [] : File.ReadLines(path)
        .Select(line => line.Split(' '))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => parts[0], parts => (long)(decimal.Parse(parts[1], CultureInfo.InvariantCulture) * 1_000_000_000));
}
