using System.Collections.Immutable;
using System.Numerics;

namespace Phoenix.Domain.Statistics;

/// <summary>A set of hours of the day (UTC): the scope in time of a claim.</summary>
/// <param name="Bits">Bit h stands for the hour that begins at h:00.</param>
public readonly record struct HoursOfDay(int Bits)
{
    const int AllBits = (1 << 24) - 1;

    public static readonly HoursOfDay None = new(0);
    public static readonly HoursOfDay All = new(AllBits);

    public int Count => BitOperations.PopCount((uint)Bits);

    public ImmutableArray<int> Hours
    {
        get
        {
            var bits = Bits;
            return [.. Enumerable.Range(0, 24).Where(h => (bits >> h & 1) == 1)];
        }
    }

    public static HoursOfDay Of(params IEnumerable<int> hours) => new(hours.Aggregate(0, (bits, hour) => hour is >= 0 and < 24
        ? bits | 1 << hour
        : throw new ArgumentOutOfRangeException(nameof(hours), hour, "An hour of the day is 0 to 23.")));

    /// <summary>Hours that a span of time touches.</summary>
    /// <param name="endedAt">Not part of the span, so that a window that ends at nine has not seen the hour from nine.</param>
    /// <exception cref="ArgumentException">The span ends before it begins.</exception>
    public static HoursOfDay Between(DateTimeOffset startedAt, DateTimeOffset endedAt)
    {
        if (endedAt < startedAt) throw new ArgumentException("A window ends after it has begun.", nameof(endedAt));
        var hours = Of(startedAt.UtcDateTime.Hour);
        var last = endedAt > startedAt ? endedAt.AddTicks(-1) : endedAt;
        if (last - startedAt >= TimeSpan.FromHours(23)) return All;
        for (var at = startedAt; at.UtcDateTime.Hour != last.UtcDateTime.Hour; at = at.AddHours(1)) hours = hours.With(Of(at.AddHours(1).UtcDateTime.Hour));
        return hours;
    }

    public HoursOfDay With(HoursOfDay other) => new(Bits | other.Bits);

    public HoursOfDay Without(HoursOfDay other) => new(Bits & ~other.Bits);

    /// <summary>As a person writes it: <c>08–11, 20</c>; <c>all day</c>; <c>none</c>.</summary>
    public override string ToString()
    {
        if (Bits == AllBits) return "all day";
        if (Bits == 0) return "none";
        List<string> runs = [];
        for (var hour = 0; hour < 24; hour++)
        {
            if ((Bits >> hour & 1) == 0) continue;
            var first = hour;
            while (hour < 23 && (Bits >> (hour + 1) & 1) == 1) hour++;
            runs.Add(first == hour ? $"{first:00}" : $"{first:00}–{hour:00}");
        }
        return string.Join(", ", runs);
    }
}
