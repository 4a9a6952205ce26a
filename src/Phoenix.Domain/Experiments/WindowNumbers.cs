using System.Collections.Immutable;

namespace Phoenix.Domain.Experiments;

/// <summary>Which windows were recorded, small however long an experiment runs: nearly all lie below one number.</summary>
/// <param name="Through">Every window up to and including this one was recorded.</param>
/// <param name="Beyond">Recorded windows above the first gap.</param>
public sealed record WindowNumbers(int Through, ImmutableSortedSet<int> Beyond)
{
    public static readonly WindowNumbers None = new(0, []);

    public int Highest => Beyond.IsEmpty ? Through : Beyond.Max;

    public bool Contains(int number) => number <= Through || Beyond.Contains(number);

    public WindowNumbers Add(int number)
    {
        if (Contains(number)) return this;
        var (through, beyond) = (Through, Beyond.Add(number));
        while (beyond.Contains(through + 1)) beyond = beyond.Remove(++through);
        return new(through, beyond);
    }
}
