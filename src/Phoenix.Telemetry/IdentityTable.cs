namespace Phoenix.Telemetry;

/// <summary>
/// Maps 128-bit identities to non-negative numbers: open addressing with linear probing. Identities are hashes already, so
/// their low bits serve as the slot. About 40 bytes an entry at the mean load.
/// </summary>
internal sealed class IdentityTable
{
    private UInt128[] keys = new UInt128[64];
    private int[] values = Empty(64);

    public int Count { get; private set; }

    /// <returns>The number, or -1.</returns>
    public int Find(UInt128 key)
    {
        var mask = keys.Length - 1;
        for (var slot = (int)(ulong)key & mask; values[slot] >= 0; slot = (slot + 1) & mask)
        {
            if (keys[slot] == key)
                return values[slot];
        }

        return -1;
    }

    /// <summary>Adds a key that is not in the table.</summary>
    public void Add(UInt128 key, int value)
    {
        if ((Count + 1) * 3L > keys.Length * 2L)
            Grow();
        Insert(key, value);
        Count++;
    }

    public void Remove(UInt128 key)
    {
        var mask = keys.Length - 1;
        var slot = (int)(ulong)key & mask;
        while (values[slot] < 0 || keys[slot] != key)
        {
            if (values[slot] < 0)
                return;
            slot = (slot + 1) & mask;
        }

        // Close the gap, so that probing needs no tombstones: move up what would not be found past it.
        for (var next = (slot + 1) & mask; values[next] >= 0; next = (next + 1) & mask)
        {
            var home = (int)(ulong)keys[next] & mask;
            if (((next - home) & mask) >= ((next - slot) & mask))
            {
                keys[slot] = keys[next];
                values[slot] = values[next];
                slot = next;
            }
        }

        values[slot] = -1;
        Count--;
    }

    public void Clear()
    {
        Array.Fill(values, -1);
        Count = 0;
    }

    private void Grow()
    {
        var (oldKeys, oldValues) = (keys, values);
        keys = new UInt128[oldKeys.Length * 2];
        values = Empty(keys.Length);
        for (var i = 0; i < oldValues.Length; i++)
        {
            if (oldValues[i] >= 0)
                Insert(oldKeys[i], oldValues[i]);
        }
    }

    private void Insert(UInt128 key, int value)
    {
        var mask = keys.Length - 1;
        var slot = (int)(ulong)key & mask;
        while (values[slot] >= 0)
            slot = (slot + 1) & mask;
        keys[slot] = key;
        values[slot] = value;
    }

    private static int[] Empty(int length)
    {
        var values = new int[length];
        Array.Fill(values, -1);
        return values;
    }
}
