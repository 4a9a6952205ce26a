namespace Phoenix.Pipelines.Components;

/// <summary>What a file exporter writes.</summary>
public enum FileFormat
{
    /// <summary>OTLP/JSON, one batch a line; compressed, each behind its length.</summary>
    Json,

    /// <summary>Protobuf messages, each behind its length as four bytes in network order.</summary>
    Proto,
}

/// <summary><c>file</c>: writes batches to a file, as the OpenTelemetry Collector's exporter of this name does.</summary>
/// <param name="Compression">None or zstd, of each message by itself.</param>
/// <param name="Append">Whether what is in the file stays.</param>
/// <param name="Rotation">Null where the file grows without bound.</param>
public sealed record FileExporterSettings(
    string Id, FileReference Path, FileFormat Format, Compression Compression, bool Append, FileRotation? Rotation, TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue)
    : QueuedExporterSettings(Id, Timeout, Retry, Queue)
{
    public const string Type = "file";

    public override bool SendsAway => false;

    internal static FileExporterSettings Read(string id, SectionReader section)
    {
        // The file. Required.
        section.RequiredText("path", "name the file to write");
        var path = FileReference.Read(section, "path") ?? new FileReference("unresolved", section.Line, section.Path);
        // json or proto. Default json.
        var format = section.Choice("format", FileFormat.Json, ("json", FileFormat.Json), ("proto", FileFormat.Proto));
        // zstd or none. Default none.
        var compression = section.Choice("compression", Compression.None, ("none", Compression.None), ("zstd", Compression.Zstd));
        // Keep what is in the file. Default false. With rotation it is always kept.
        var append = section.Flag("append", false);
        var rotation = section.Section("rotation") is { } inner ? FileRotation.Read(inner) : null;
        var retry = RetrySettings.Read(section.Section("retry_on_failure"));
        // A full disk must not hold up what is sent elsewhere.
        var queue = QueueSettings.Read(section.Section("sending_queue"), QueueSettings.Default with { Overflow = Overflow.Drop }, maxConsumers: 1);
        section.RejectUnknown();
        return new(id, path, format, compression, append, rotation, System.Threading.Timeout.InfiniteTimeSpan, retry, queue);
    }
}

/// <summary>When a file is put aside as <c>name-TIME.ext</c>, and how many of those are kept.</summary>
/// <param name="MaxBytes">Of one file.</param>
/// <param name="MaxAge">Of the files put aside; null for no bound.</param>
/// <param name="MaxBackups">Files put aside; 0 for no bound.</param>
public sealed record FileRotation(long MaxBytes, TimeSpan? MaxAge, int MaxBackups)
{
    internal static FileRotation Read(SectionReader section)
    {
        // Size at which a file is put aside, in MiB. Default 100.
        var bytes = section.Integer("max_megabytes", 100, 1, 1 << 20) << 20;
        // Days that files put aside are kept; 0 for ever. Default 0.
        var days = section.Integer("max_days", 0, 0, 36500);
        // Files put aside that are kept; 0 all. Default 100.
        var backups = (int)section.Integer("max_backups", 100, 0, 100_000);
        section.RejectUnknown();
        return new(bytes, days == 0 ? null : TimeSpan.FromDays(days), backups);
    }
}
