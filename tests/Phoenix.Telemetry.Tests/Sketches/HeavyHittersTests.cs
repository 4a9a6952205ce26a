using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class HeavyHittersTests
{
    // Skewed, so that there is something heavy, with a long tail that has to be thrown away.
    private static readonly Gen<(int Item, int Weight)> Update =
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 50], (u, weight) => ((int)(400 * u * u * u * u), weight));

    private static readonly Gen<(int Item, int Weight)[]> Updates = Update.Array[0, 2000];

    [Fact]
    public void every_item_above_a_k_th_of_the_total_is_kept_and_none_is_overstated() => Gen.Select(Updates, Gen.Int[1, 40]).Sample((updates, k) =>
    {
        var sketch = Of(updates, k);
        Holds(sketch, updates);
    }, iter: 500);

    [Fact]
    public void the_guarantee_survives_any_merges() => Gen.Select(Updates.Array[1, 6], Gen.Int[1, 40], Gen.Bool).Sample((parts, k, asTree) =>
    {
        var sketches = parts.Select(part => Of(part, k)).ToList();
        while (sketches.Count > 1)
        {
            var (into, from) = asTree ? (sketches[^1], sketches[0]) : (sketches[0], sketches[1]);
            into.Merge(from);
            sketches.Remove(from);
        }

        Holds(sketches[0], [.. parts.SelectMany(p => p)]);
    }, iter: 300);

    [Fact]
    public void few_items_are_exact_in_any_order_of_merging() => Gen.Select(Gen.Select(Gen.Int[0, 19], Gen.Int[0, 1000]).Array, Gen.Select(Gen.Int[0, 19], Gen.Int[0, 1000]).Array).Sample((a, b) =>
    {
        HeavyHitters one = Of(a, 10), other = Of(b, 10);
        one.Merge(Of(b, 10));
        other.Merge(Of(a, 10));
        one.GreatestError.ShouldBe(0);
        foreach (var (item, weight) in Exact([.. a, .. b]))
        {
            one.LeastWeight(Item(item)).ShouldBe(weight);
            other.LeastWeight(Item(item)).ShouldBe(weight);
        }
    }, iter: 300);

    [Fact]
    public void the_top_comes_heaviest_first() => Gen.Select(Updates, Gen.Int[1, 40], Gen.Int[0, 90]).Sample((updates, k, room) =>
    {
        var sketch = Of(updates, k);
        var all = new HeavyHitter[2 * k];
        var count = sketch.Top(all);
        count.ShouldBe(sketch.Count);
        all[..count].ShouldBe(all[..count].OrderByDescending(h => h.LeastWeight).ThenBy(h => h.Identity));
        var some = new HeavyHitter[room];
        sketch.Top(some).ShouldBe(Math.Min(room, count));
        some[..Math.Min(room, count)].ShouldBe(all[..Math.Min(room, count)]);
    }, iter: 300);

    [Fact]
    public void what_is_written_is_read_back() => Gen.Select(Updates, Gen.Int[1, 40]).Sample((updates, k) =>
    {
        var sketch = Of(updates, k);
        var read = HeavyHitters.Read(sketch.ToBytes());
        (read.K, read.Count, read.TotalWeight, read.GreatestError).ShouldBe((k, sketch.Count, sketch.TotalWeight, sketch.GreatestError));
        foreach (var (item, _) in Exact(updates))
            read.LeastWeight(Item(item)).ShouldBe(sketch.LeastWeight(Item(item)));
    }, iter: 300);

    [Fact]
    public void malformed_bytes_are_refused_and_nothing_else_happens() => Gen.Select(Updates, Gen.Int[1, 10], Gen.Byte, Gen.Double[0, 1], Gen.Int[0, 2]).Sample((updates, k, value, where, how) =>
    {
        var bytes = Of(updates, k).ToBytes();
        var at = (int)(where * (bytes.Length - 1));
        byte[] broken = how switch
        {
            0 => bytes[..at],
            1 => [.. bytes, value],
            _ => [.. bytes[..at], (byte)(bytes[at] ^ value), .. bytes[(at + 1)..]],
        };
        try
        {
            var read = HeavyHitters.Read(broken);
            (read.GreatestError * read.K).ShouldBeLessThanOrEqualTo(read.TotalWeight);
        }
        catch (FormatException e)
        {
            e.Message.ShouldContain("eavy hitters");
        }
    }, iter: 3000);

    [Fact]
    public void a_negative_weight_a_total_without_room_and_another_k_are_refused()
    {
        var sketch = new HeavyHitters(4);
        Should.Throw<ArgumentOutOfRangeException>(() => sketch.Add(1, -1));
        sketch.Add(1, long.MaxValue);
        Should.Throw<OverflowException>(() => sketch.Add(2, 1));
        sketch.LeastWeight(2).ShouldBe(0);
        Should.Throw<ArgumentException>(() => sketch.Merge(new HeavyHitters(5))).Message.ShouldContain("4 and 5");
        Should.Throw<ArgumentException>(() => sketch.Merge(sketch));
    }

    [Fact]
    public void updates_purges_and_merges_allocate_nothing()
    {
        HeavyHitters sketch = new(32), other = new(32);
        Fill();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Fill()
        {
            for (var i = 0; i < 5000; i++)
                sketch.Add((UInt128)(uint)i * 0x9E3779B97F4A7C15, i % 7);
            other.Merge(sketch);
        }
    }

    private static void Holds(HeavyHitters sketch, (int Item, int Weight)[] updates)
    {
        var exact = Exact(updates);
        sketch.TotalWeight.ShouldBe(exact.Values.Sum());
        sketch.Count.ShouldBeLessThanOrEqualTo(2 * sketch.K);
        long held = 0;
        foreach (var (item, weight) in exact)
        {
            var least = sketch.LeastWeight(Item(item));
            held += least;
            least.ShouldBeLessThanOrEqualTo(weight);
            (least + sketch.GreatestError).ShouldBeGreaterThanOrEqualTo(weight);
            if (weight * sketch.K > sketch.TotalWeight)
                least.ShouldBeGreaterThan(0);
        }

        (sketch.GreatestError * sketch.K).ShouldBeLessThanOrEqualTo(sketch.TotalWeight - held);
    }

    private static Dictionary<int, long> Exact((int Item, int Weight)[] updates) =>
        updates.GroupBy(u => u.Item).ToDictionary(g => g.Key, g => g.Sum(u => (long)u.Weight));

    private static HeavyHitters Of((int Item, int Weight)[] updates, int k)
    {
        var sketch = new HeavyHitters(k);
        foreach (var (item, weight) in updates)
            sketch.Add(Item(item), weight);
        return sketch;
    }

    private static UInt128 Item(int number) => ((UInt128)(uint)number << 64) + (ulong)number * 0x9E3779B97F4A7C15;
}
