using System.Buffers;
using System.Globalization;

namespace Phoenix.Pipelines;

/// <summary>Durations as the OpenTelemetry Collector writes them (Go's <c>time.ParseDuration</c>): <c>1.5s</c>, <c>250ms</c>, <c>1m30s</c>.</summary>
public static class Duration
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text == "0")
        {
            return true;
        }

        var rest = text.AsSpan();
        var seconds = 0.0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(NumberCharacters);
            var unit = letters < 0 ? rest : rest[..letters];
            rest = letters < 0 ? [] : rest[letters..];
            var scale = unit switch
            {
                "ns" => 1e-9,
                "us" or "µs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => double.NaN,
            };
            seconds += amount * scale;
        }

        if (text.Length == 0 || double.IsNaN(seconds) || seconds > TimeSpan.MaxValue.TotalSeconds / 2)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    public static string Format(TimeSpan duration) => duration switch
    {
        { Ticks: 0 } => "0s",
        _ when duration.Ticks % TimeSpan.TicksPerHour == 0 => $"{duration.TotalHours}h",
        _ when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{duration.TotalMinutes}m",
        _ when duration.TotalSeconds >= 1 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
    };
}
