using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Attributes of outputs as runs of numbers: a key with a value that many outputs have in common is kept once, encoded as it is
/// written. A run of eight attributes costs 24 bytes instead of the 300 or so that they are.
/// </summary>
/// <remarks>Two of n attributes are taken for one with a probability of n² / 2^129, as two streams are.</remarks>
internal sealed unsafe class FieldTable
{
    private readonly NativeSlab<Field> fields = new();
    private readonly KeyIndex<Field> index;
    private readonly ByteArena arena = new(step: 8);
    private readonly NativeList<int> numbers = new();

    public FieldTable() => index = new KeyIndex<Field>(fields);

    /// <summary>Distinct attributes held now.</summary>
    public int Count => fields.InUse;

    /// <param name="encoded">Fields with their tags, one after the other.</param>
    public FieldRun Add(ReadOnlySpan<byte> encoded)
    {
        numbers.Clear();
        var greatest = 0;
        var cursor = new ProtoCursor(encoded, 0);
        while (cursor.Next())
        {
            var number = FindOrAdd(cursor.Raw);
            numbers.Add() = number;
            greatest = Math.Max(greatest, number);
        }

        var isWide = greatest >= 1 << 24;
        var run = new FieldRun(arena.Allocate(numbers.Count * (isWide ? sizeof(int) : 3)), numbers.Count, isWide);
        for (var i = 0; i < run.Count; i++)
            run[i] = numbers[i];
        return run;
    }

    public void Remove(in FieldRun run)
    {
        for (var i = 0; i < run.Count; i++)
        {
            var number = run[i];
            ref var field = ref fields[number];
            if (--field.Uses > 0)
                continue;
            index.Remove(number);
            arena.Free(field.At, field.Length);
            fields.Free(number);
        }

        arena.Free(run.Numbers, run.Count * run.Width);
    }

    public void Write(ProtoBuffer target, in FieldRun run)
    {
        for (var i = 0; i < run.Count; i++)
        {
            ref var field = ref fields[run[i]];
            target.Append(new ReadOnlySpan<byte>(field.At, field.Length));
        }
    }

    private int FindOrAdd(ReadOnlySpan<byte> encoded)
    {
        var key = Identity.OfBytes(encoded);
        var number = index.Find(key);
        if (number >= 0)
        {
            fields[number].Uses++;
            return number;
        }

        number = fields.Take();
        ref var field = ref fields[number];
        (field.KeyLow, field.KeyHigh, field.Length, field.Uses) = ((ulong)key, (ulong)(key >> 64), encoded.Length, 1);
        field.At = arena.Allocate(encoded.Length);
        encoded.CopyTo(new Span<byte>(field.At, encoded.Length));
        index.Add(number);
        return number;
    }

    private struct Field : IKeyed
    {
        public ulong KeyLow;
        public ulong KeyHigh;
        public byte* At;
        public int Length;

        /// <summary>Runs that have it.</summary>
        public int Uses;

        public readonly UInt128 Key => new(KeyHigh, KeyLow);
    }
}

/// <summary>Numbers of fields in a <see cref="FieldTable"/>, in their order.</summary>
[StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
internal unsafe struct FieldRun
{
    public byte* Numbers;
    private readonly uint countAndWide;

    public FieldRun(byte* numbers, int count, bool isWide)
    {
        Numbers = numbers;
        countAndWide = ((uint)count << 1) | (isWide ? 1u : 0);
    }

    public readonly int Count => (int)(countAndWide >> 1);

    /// <summary>Bytes of a number: three, as long as there are at most 16 million fields.</summary>
    public readonly int Width => (countAndWide & 1) == 0 ? 3 : sizeof(int);

    public readonly int this[int i]
    {
        get
        {
            var at = Numbers + (i * Width);
            return at[0] | at[1] << 8 | at[2] << 16 | (Width == sizeof(int) ? at[3] << 24 : 0);
        }

        set
        {
            var at = Numbers + (i * Width);
            for (var shift = 0; shift < Width; shift++)
                at[shift] = (byte)(value >> (8 * shift));
        }
    }
}
