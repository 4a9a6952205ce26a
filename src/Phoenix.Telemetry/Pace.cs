namespace Phoenix.Telemetry;

/// <summary>
/// Says whether something is due again. Bounded: at the bound everything is forgotten and therefore due, which repeats and
/// never leaves out.
/// </summary>
internal sealed class Pace(TimeSpan interval, int bound)
{
    private readonly IdentityTable numbers = new();
    private readonly List<ulong> last = [];
    private readonly ulong nanoseconds = (ulong)interval.Ticks * 100;

    public bool IsDue(UInt128 identity, ulong unixNanos)
    {
        var number = numbers.Find(identity);
        if (number < 0)
        {
            if (last.Count >= bound)
            {
                numbers.Clear();
                last.Clear();
            }

            numbers.Add(identity, last.Count);
            last.Add(unixNanos);
            return true;
        }

        // A clock that was set back makes it due as well.
        if (unixNanos >= last[number] && unixNanos - last[number] < nanoseconds)
            return false;
        last[number] = unixNanos;
        return true;
    }
}
