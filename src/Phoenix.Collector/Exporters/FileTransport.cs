using System.Globalization;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>Appends payloads to a file and puts it aside when it is full. What the disk refuses is tried again.</summary>
internal sealed class FileTransport : ITransport
{
    private readonly FileExporterSettings _settings;
    private FileStream? _file;
    private bool _keep;

    /// <exception cref="UnusableFileException">The file cannot be written.</exception>
    public FileTransport(FileExporterSettings settings)
    {
        _settings = settings;
        try
        {
            _keep = settings.Append || settings.Rotation is not null;
            _file = Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnusableFileException(settings.Path, $"cannot be written: {e.Message}", "choose a file in a directory that exists and that this user may write");
        }
    }

    /// <exception cref="UnusableFileException">The file's directory does not exist.</exception>
    public static void Check(FileExporterSettings settings)
    {
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(settings.Path.Path))))
        {
            throw new UnusableFileException(settings.Path, "lies in a directory that does not exist", "create the directory, or choose another one");
        }
    }

    public Task<SendOutcome> SendAsync(Payload payload, CancellationToken stop)
    {
        try
        {
            Write(payload.Bytes.Span);
            return Task.FromResult(new SendOutcome(SendResult.Delivered));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Task.FromResult(SendOutcome.TryAgain($"{_settings.Path.Path} cannot be written: {e.Message}"));
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Write(ReadOnlySpan<byte> payload)
    {
        if (_settings.Rotation is { } rotation && _file is { Length: > 0 } full && full.Length + payload.Length > rotation.MaxBytes)
        {
            PutAside(rotation);
        }

        var file = _file ??= Open();
        if (!_keep)
        {
            // Not before there is something to write: a configuration that is refused after all must leave the file alone.
            file.SetLength(0);
            _keep = true;
        }

        var whole = file.Length;
        try
        {
            file.Position = whole;
            file.Write(payload);
            file.Flush();
        }
        catch
        {
            // Half a batch would make all that follows unreadable.
            file.SetLength(whole);
            throw;
        }
    }

    /// <summary>Shared, since over a reload the writers of the same file overlap.</summary>
    private FileStream Open() =>
        new(_settings.Path.Path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private void PutAside(FileRotation rotation)
    {
        _file?.Dispose();
        _file = null;
        var path = Path.GetFullPath(_settings.Path.Path);
        var (directory, name, extension) = (Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path), Path.GetExtension(path));
        var time = DateTime.UtcNow.ToString("yyyy-MM-ddTHH-mm-ss.fffffff", CultureInfo.InvariantCulture);
        File.Move(path, Path.Combine(directory, $"{name}-{time}{extension}"));
        var aside = Directory.GetFiles(directory, $"{name}-????-??-??T??-??-??.???????{extension}").OrderDescending(StringComparer.Ordinal).ToList();
        for (var i = 0; i < aside.Count; i++)
        {
            var tooMany = rotation.MaxBackups > 0 && i >= rotation.MaxBackups;
            var tooOld = rotation.MaxAge is { } age && DateTime.UtcNow - File.GetLastWriteTimeUtc(aside[i]) > age;
            if (tooMany || tooOld)
            {
                File.Delete(aside[i]);
            }
        }
    }
}
