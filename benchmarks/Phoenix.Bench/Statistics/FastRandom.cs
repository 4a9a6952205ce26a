using System.Numerics;

namespace Phoenix.Bench.Statistics;

/// <summary>xoshiro256** (Blackman and Vigna 2021): billions of draws, the same ones in every run.</summary>
struct FastRandom
{
    ulong a, b, c, d;

    public FastRandom(ulong seed)
    {
        a = Next(ref seed);
        b = Next(ref seed);
        c = Next(ref seed);
        d = Next(ref seed);

        // SplitMix64, as its authors advise for seeding.
        static ulong Next(ref ulong state)
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
            z = (z ^ z >> 27) * 0x94D049BB133111EB;
            return z ^ z >> 31;
        }
    }

    /// <summary>Above 0, at most 1.</summary>
    public double Uniform()
    {
        var result = BitOperations.RotateLeft(b * 5, 7) * 9;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return ((result >> 11) + 1) * (1.0 / (1UL << 53));
    }

    /// <summary>Mean 0, variance 1, skewness −6.6 (a square of exponentials): mostly a little above the mean, and now and then far below it.</summary>
    public double LeftSkewed()
    {
        var exponential = -Math.Log(Uniform());
        return (2 - exponential * exponential) / Math.Sqrt(20);
    }

    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());
}
