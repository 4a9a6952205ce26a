using System.Buffers;
using System.Text;
using System.Text.Json;
using Phoenix.Pipelines;

namespace Phoenix.Collector;

/// <summary>
/// One line per event on stderr, JSON or text. A warning or error that repeats is written at most five times a minute, and
/// the next one says how many were left out, so that a broken backend cannot fill a disk.
/// </summary>
internal static class Log
{
    private const int PerMinute = 5;
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Repeats> Seen = [];
    private static readonly Stream Output = Console.OpenStandardError();

    public static LogLevel Level { get; set; } = LogLevel.Info;

    public static bool Json { get; set; } = true;

    public static void Info(string message, params ReadOnlySpan<(string Key, object? Value)> fields) => Write(LogLevel.Info, message, fields, 0);

    public static void Warn(string message, params ReadOnlySpan<(string Key, object? Value)> fields) => Limited(LogLevel.Warn, message, fields);

    public static void Error(string message, params ReadOnlySpan<(string Key, object? Value)> fields) => Limited(LogLevel.Error, message, fields);

    private static void Limited(LogLevel level, string message, ReadOnlySpan<(string Key, object? Value)> fields)
    {
        int leftOut;
        lock (Gate)
        {
            var now = Environment.TickCount64;
            if (!Seen.TryGetValue(message, out var repeats))
            {
                Seen[message] = repeats = new Repeats { Since = now };
            }

            if (now - repeats.Since >= 60_000)
            {
                repeats.Since = now;
                repeats.Written = 0;
            }

            if (repeats.Written == PerMinute)
            {
                repeats.LeftOut++;
                return;
            }

            repeats.Written++;
            leftOut = repeats.LeftOut;
            repeats.LeftOut = 0;
        }

        Write(level, message, fields, leftOut);
    }

    private static void Write(LogLevel level, string message, ReadOnlySpan<(string Key, object? Value)> fields, int leftOut)
    {
        if (level < Level)
        {
            return;
        }

        var line = Json ? JsonLine(level, message, fields, leftOut) : TextLine(level, message, fields, leftOut);
        lock (Gate)
        {
            Output.Write(line);
            Output.Flush();
        }
    }

    private static byte[] JsonLine(LogLevel level, string message, ReadOnlySpan<(string Key, object? Value)> fields, int leftOut)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", DateTimeOffset.UtcNow);
            json.WriteString("level", Name(level));
            json.WriteString("message", message);
            foreach (var (key, value) in fields)
            {
                switch (value)
                {
                    case null: json.WriteNull(key); break;
                    case long number: json.WriteNumber(key, number); break;
                    case int number: json.WriteNumber(key, number); break;
                    case double number when double.IsFinite(number): json.WriteNumber(key, number); break;
                    case bool flag: json.WriteBoolean(key, flag); break;
                    default: json.WriteString(key, value.ToString()); break;
                }
            }

            if (leftOut > 0)
            {
                json.WriteNumber("leftOut", leftOut);
            }

            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static byte[] TextLine(LogLevel level, string message, ReadOnlySpan<(string Key, object? Value)> fields, int leftOut)
    {
        var line = new StringBuilder().Append($"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)} {message}");
        foreach (var (key, value) in fields)
        {
            line.Append($" {key}={value?.ToString()?.ReplaceLineEndings(" ")}");
        }

        if (leftOut > 0)
        {
            line.Append($" leftOut={leftOut}");
        }

        return Encoding.UTF8.GetBytes(line.Append('\n').ToString());
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Info => "info",
        LogLevel.Warn => "warn",
        _ => "error",
    };

    private sealed class Repeats
    {
        public long Since;
        public int Written;
        public int LeftOut;
    }
}
