using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Phoenix.Agent;

/// <summary>
/// JSON lines on standard error: <c>time</c>, <c>level</c>, <c>message</c> and named fields. Callers pass ids, codes and
/// counts; never a credential, a token or the text of a configuration.
/// </summary>
internal static class Log
{
    private static readonly Lock Gate = new();
    private static Stream Output = Console.OpenStandardError();
    private static readonly ArrayBufferWriter<byte> Line = new(512);

    /// <summary>What is remembered of what was written: standard error is the service manager's, who may keep it where the agent cannot read.</summary>
    private const int KeptLines = 1000, KeptLimit = 256 << 10;

    private static readonly Queue<byte[]> Kept = new();
    private static int KeptBytes;
    private static bool Forgotten;

    public static void Info(string message, params ReadOnlySpan<(string Name, object? Value)> fields) => Write("info", message, fields);

    public static void Warn(string message, params ReadOnlySpan<(string Name, object? Value)> fields) => Write("warn", message, fields);

    public static void Error(string message, params ReadOnlySpan<(string Name, object? Value)> fields) => Write("error", message, fields);

    /// <summary>Goes on with what standard error is now.</summary>
    public static void Reopen()
    {
        lock (Gate)
            Output = Console.OpenStandardError();
    }

    /// <summary>The last lines that this process wrote, oldest first, and whether it wrote more before them.</summary>
    public static (IReadOnlyList<string> Lines, bool More) Recent(int lines)
    {
        lock (Gate)
            return ([.. Kept.TakeLast(lines).Select(line => Encoding.UTF8.GetString(line))], Forgotten || Kept.Count > lines);
    }

    /// <summary>Writes lines that another program has written.</summary>
    public static void Lines(IEnumerable<string> lines)
    {
        lock (Gate)
        {
            try
            {
                foreach (var line in lines)
                {
                    Keep(Encoding.UTF8.GetBytes(line));
                    Output.Write(Encoding.UTF8.GetBytes(line + "\n"));
                }
            }
            catch (IOException)
            {
                // As below: there is nowhere left to say so.
            }
        }
    }

    private static void Write(string level, string message, ReadOnlySpan<(string Name, object? Value)> fields)
    {
        lock (Gate)
        {
            Line.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(Line))
            {
                json.WriteStartObject();
                json.WriteString("time", DateTimeOffset.UtcNow);
                json.WriteString("level", level);
                json.WriteString("message", message);
                foreach (var (name, value) in fields)
                    WriteField(json, name, value);
                json.WriteEndObject();
            }
            Keep(Line.WrittenSpan.ToArray());
            Line.Write("\n"u8);
            try
            {
                Output.Write(Line.WrittenSpan);
            }
            catch (IOException)
            {
                // Whoever read standard error has gone. There is nowhere left to say so, and the work is worth more than its log.
            }
        }
    }

    private static void Keep(byte[] line)
    {
        Kept.Enqueue(line);
        KeptBytes += line.Length;
        while (Kept.Count > KeptLines || (KeptBytes > KeptLimit && Kept.Count > 1))
        {
            KeptBytes -= Kept.Dequeue().Length;
            Forgotten = true;
        }
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case int number: json.WriteNumber(name, number); break;
            case long number: json.WriteNumber(name, number); break;
            case double number: json.WriteNumber(name, number); break;
            case TimeSpan span: json.WriteNumber(name, span.TotalSeconds); break;
            default: json.WriteString(name, value.ToString()); break;
        }
    }
}
