namespace Phoenix.Telemetry;

/// <summary>
/// Counts distinct identities within one control interval: exactly up to <see cref="CountedExactly"/>, from then on by an
/// <see cref="UltraLogLog"/> of 2 KiB. Memory never exceeds 4 KiB, whatever comes. Used again after <see cref="Clear"/>
/// without allocation.
/// </summary>
internal sealed class DistinctCounter
{
    /// <summary>Distinct identities up to which the count is exact.</summary>
    public const int CountedExactly = 128;

    private const int Precision = 11;

    // Of the identities, which are uniform, 64 bits tell 128 of them apart but for 1 in 10^15.
    private ulong[] slots = new ulong[16];
    private UltraLogLog? sketch;
    private int exact;
    private bool beyond;

    /// <summary>Relative standard error of <see cref="Count"/>; 0 while it is exact.</summary>
    public double Error => beyond ? UltraLogLog.StandardErrorOf(Precision) : 0;

    public double Count => beyond ? sketch!.Estimate() : exact;

    public void Add(UInt128 identity)
    {
        var key = (ulong)identity ^ (ulong)(identity >> 64);
        key = key == 0 ? 1 : key;
        if (beyond)
            sketch!.Add(key);
        else if (Insert(key) && exact > CountedExactly)
            GoBeyond();
    }

    public void Clear()
    {
        slots.AsSpan().Clear();
        if (beyond)
            sketch!.Clear();
        (exact, beyond) = (0, false);
    }

    private bool Insert(ulong key)
    {
        var mask = slots.Length - 1;
        var slot = (int)key & mask;
        while (slots[slot] != 0)
        {
            if (slots[slot] == key)
                return false;
            slot = (slot + 1) & mask;
        }

        slots[slot] = key;
        if (++exact * 2 > slots.Length && exact <= CountedExactly)
            Grow();
        return true;
    }

    private void Grow()
    {
        var old = slots;
        slots = new ulong[old.Length * 2];
        exact = 0;
        foreach (var key in old)
        {
            if (key != 0)
                Insert(key);
        }
    }

    private void GoBeyond()
    {
        sketch ??= new UltraLogLog(Precision);
        beyond = true;
        foreach (var key in slots)
        {
            if (key != 0)
                sketch.Add(key);
        }
    }
}
