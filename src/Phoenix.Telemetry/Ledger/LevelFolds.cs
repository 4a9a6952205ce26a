using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>Fresh values of gauges that are folded by another function than their sum, by group, at one cut.</summary>
internal sealed class LevelFolds
{
    private readonly Dictionary<UInt128, Fold> folds = [];

    public void Add(UInt128 group, bool isInput, double value)
    {
        ref var fold = ref CollectionsMarshal.GetValueRefOrAddDefault(folds, group, out var known);
        if (!known)
            fold = new Fold { LeastIn = double.PositiveInfinity, LeastOut = double.PositiveInfinity, GreatestIn = double.NegativeInfinity, GreatestOut = double.NegativeInfinity };
        if (isInput)
            (fold.LeastIn, fold.GreatestIn, fold.SumIn, fold.CountIn) = (Math.Min(fold.LeastIn, value), Math.Max(fold.GreatestIn, value), fold.SumIn + value, fold.CountIn + 1);
        else
            (fold.LeastOut, fold.GreatestOut, fold.SumOut, fold.CountOut) = (Math.Min(fold.LeastOut, value), Math.Max(fold.GreatestOut, value), fold.SumOut + value, fold.CountOut + 1);
    }

    /// <summary>
    /// The least of the outputs has to be the least of the inputs, and so with the greatest. A mean of several outputs says
    /// nothing without their weights: it has to lie among the inputs, and one alone has to be the inputs' mean.
    /// </summary>
    /// <returns>The difference as a share of the input's value; 0 where it is rounding.</returns>
    public double ErrorOf(UInt128 group, GaugeFold function)
    {
        if (!folds.TryGetValue(group, out var fold))
            return 0;
        if (fold.CountIn == 0 || fold.CountOut == 0)
            return 1;
        return function switch
        {
            GaugeFold.Min => Relative(fold.LeastIn, fold.LeastOut),
            GaugeFold.Max => Relative(fold.GreatestIn, fold.GreatestOut),
            _ when fold.CountOut == 1 => Relative(fold.SumIn / fold.CountIn, fold.SumOut),
            _ => Math.Max(Relative(fold.LeastIn, Math.Min(fold.LeastIn, fold.LeastOut)), Relative(fold.GreatestIn, Math.Max(fold.GreatestIn, fold.GreatestOut))),
        };
    }

    public void Clear() => folds.Clear();

    private static double Relative(double expected, double actual)
    {
        var difference = Math.Abs(expected - actual);
        if (expected.Equals(actual) || difference <= LedgerGroup.Tolerance * Math.Max(Math.Abs(expected), Math.Abs(actual)))
            return 0;
        return expected == 0 || !double.IsFinite(difference) ? 1 : difference / Math.Abs(expected);
    }

    private struct Fold
    {
        public double LeastIn, LeastOut, GreatestIn, GreatestOut, SumIn, SumOut;
        public int CountIn, CountOut;
    }
}
