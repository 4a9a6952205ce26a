using System.Buffers.Binary;
using System.IO.Hashing;
using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class UltraLogLogTests
{
    private static readonly Gen<int[]> Items = Gen.Int[0, 3000].Array[0, 4000];

    [Theory]
    [InlineData(6, 2_000, 3_000)]
    [InlineData(8, 20_000, 1_500)]
    [InlineData(12, 100_000, 400)]
    [InlineData(12, 1_000, 400)]
    public void its_error_is_the_theory_s(int precision, int distinct, int runs)
    {
        double squares = 0, sum = 0;
        var sketch = new UltraLogLog(precision);
        for (var run = 0; run < runs; run++)
        {
            sketch.Clear();
            for (var i = 0; i < distinct; i++)
                sketch.Add(Item(run, i));
            var error = sketch.Estimate() / distinct - 1;
            (squares, sum) = (squares + error * error, sum + error);
        }

        // The items are the same in every run of this test; the mean of n runs varies by σ/√n.
        var theory = sketch.StandardError;
        Math.Sqrt(squares / runs).ShouldBeLessThan(1.1 * theory);
        Math.Abs(sum / runs).ShouldBeLessThan(4 * theory / Math.Sqrt(runs));
    }

    [Fact]
    public void few_identities_are_counted_almost_exactly()
    {
        var sketch = new UltraLogLog(12);
        sketch.Estimate().ShouldBe(0);
        for (var i = 1; i <= 50; i++)
        {
            sketch.Add(Item(7, i));
            sketch.Estimate().ShouldBe(i, 1.5);
        }
    }

    [Fact]
    public void a_merge_is_the_sketch_of_the_union() => Gen.Select(Items, Items, Gen.Int[4, 12]).Sample((one, other, precision) =>
        Merged(Of(one, precision), Of(other, precision)).ShouldBe(Of([.. one, .. other], precision).ToBytes()), iter: 300);

    [Fact]
    public void merging_is_commutative_associative_and_idempotent() => Gen.Select(Items, Items, Items, Gen.Int[4, 10]).Sample((a, b, c, precision) =>
    {
        Merged(Of(a, precision), Of(b, precision)).ShouldBe(Merged(Of(b, precision), Of(a, precision)));
        Merged(UltraLogLog.Read(Merged(Of(a, precision), Of(b, precision))), Of(c, precision))
            .ShouldBe(Merged(Of(a, precision), UltraLogLog.Read(Merged(Of(b, precision), Of(c, precision)))));
        Merged(Of(a, precision), Of(a, precision)).ShouldBe(Of(a, precision).ToBytes());
    }, iter: 200);

    [Fact]
    public void order_and_repetition_change_nothing() => Gen.Select(Items, Gen.Int[4, 12]).Sample((items, precision) =>
        Of([.. items, .. items.Reverse()], precision).ToBytes().ShouldBe(Of(items, precision).ToBytes()), iter: 200);

    [Fact]
    public void what_is_written_is_read_back() => Gen.Select(Items, Gen.Int[4, 18], Gen.ULong).Sample((items, precision, seed) =>
    {
        var sketch = new UltraLogLog(precision, seed);
        foreach (var item in items)
            sketch.Add(Item(3, item));
        var read = UltraLogLog.Read(sketch.ToBytes());
        (read.Precision, read.Seed, read.IsEmpty).ShouldBe((precision, seed, items.Length == 0));
        read.ToBytes().ShouldBe(sketch.ToBytes());
        read.Estimate().ShouldBe(sketch.Estimate());
    }, iter: 200);

    [Fact]
    public void few_registers_take_few_bytes()
    {
        Of([1, 2, 3], 12).ToBytes().Length.ShouldBeLessThan(12 + 3 * 3 + 1);
        Of([.. Enumerable.Range(0, 20_000)], 12).ToBytes().Length.ShouldBe(12 + 4096);
    }

    [Fact]
    public void malformed_bytes_are_refused_and_nothing_else_happens() => Gen.Select(Items, Gen.Int[4, 9], Gen.Byte, Gen.Double[0, 1], Gen.Int[0, 3]).Sample((items, precision, value, where, how) =>
    {
        var bytes = Of(items, precision).ToBytes();
        var at = (int)(where * (bytes.Length - 1));
        byte[] broken = how switch
        {
            0 => bytes[..at],
            1 => [.. bytes, value],
            2 => [.. bytes[..at], value, .. bytes[at..]],
            _ => [.. bytes[..at], (byte)(bytes[at] ^ value), .. bytes[(at + 1)..]],
        };
        try
        {
            // Where it is read, it is a sketch: what it says can be written and read again.
            var read = UltraLogLog.Read(broken);
            UltraLogLog.Read(read.ToBytes()).Estimate().ShouldBe(read.Estimate());
        }
        catch (FormatException e)
        {
            e.Message.ShouldContain("UltraLogLog");
        }
    }, iter: 3000);

    [Fact]
    public void another_version_a_false_length_and_a_register_that_cannot_be_are_named()
    {
        var bytes = Of([.. Enumerable.Range(0, 5000)], 6).ToBytes();
        bytes.Length.ShouldBe(12 + 64);
        Refusal([.. bytes.Select((b, i) => i == 1 ? (byte)9 : b)]).ShouldContain("version 9");
        Refusal([.. bytes.Select((b, i) => i == 2 ? (byte)40 : b)]).ShouldContain("precision 40");
        Refusal(bytes[..^1]).ShouldContain("63 registers");
        Refusal([.. bytes.Select((b, i) => i == 20 ? (byte)255 : b)]).ShouldContain("register 8 is 255");
        Refusal([]).ShouldContain("does not begin");
    }

    [Fact]
    public void sketches_of_other_seeds_or_precisions_do_not_merge()
    {
        Should.Throw<ArgumentException>(() => new UltraLogLog(8).Merge(new UltraLogLog(9))).Message.ShouldContain("8 and 9");
        Should.Throw<ArgumentException>(() => new UltraLogLog(8, 1).Merge(new UltraLogLog(8, 2)));
        Should.Throw<ArgumentOutOfRangeException>(() => new UltraLogLog(19));
        Should.Throw<ArgumentOutOfRangeException>(() => new UltraLogLog(3));
    }

    [Fact]
    public void adding_and_merging_allocate_nothing()
    {
        UltraLogLog sketch = Of([.. Enumerable.Range(0, 1000)], 12), other = Of([.. Enumerable.Range(500, 1500)], 12);
        sketch.Merge(other);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            sketch.Add((UInt128)(uint)i * 0x9E3779B97F4A7C15);
        sketch.Merge(other);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static string Refusal(byte[] bytes) => Should.Throw<FormatException>(() => UltraLogLog.Read(bytes)).Message;

    private static byte[] Merged(UltraLogLog one, UltraLogLog other)
    {
        one.Merge(other);
        return one.ToBytes();
    }

    private static UltraLogLog Of(IEnumerable<int> items, int precision)
    {
        var sketch = new UltraLogLog(precision);
        foreach (var item in items)
            sketch.Add(Item(1, item));
        return sketch;
    }

    private static UInt128 Item(int run, int number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, run);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], number);
        return XxHash128.HashToUInt128(bytes);
    }
}
