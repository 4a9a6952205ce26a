using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class IdentitySlabTests
{
    [Fact]
    public void it_behaves_as_a_dictionary_does() => Gen.Select(Gen.Int[0, 40], Gen.Bool).Array[0, 400].Sample(
        steps =>
        {
            var slab = new IdentitySlab<StreamRecord>();
            var model = new Dictionary<int, ulong>();
            ulong stamp = 0;
            foreach (var (key, add) in steps)
            {
                var number = slab.Find(IdentityOf(key));
                (number >= 0).ShouldBe(model.ContainsKey(key));
                if (!add && number >= 0)
                {
                    slab.Remove(number);
                    model.Remove(key);
                }
                else if (add && number < 0)
                {
                    number = slab.Add(IdentityOf(key));
                    slab[number].LastTime.ShouldBe(0ul, "a number that is used again holds nothing from before");
                    slab[number].LastTime = model[key] = ++stamp;
                }

                slab.Count.ShouldBe(model.Count);
                for (var i = 0; i <= 40; i++)
                {
                    slab.PrefetchSlot(IdentityOf(i));
                    slab.PrefetchRecord(IdentityOf(i));
                    var found = slab.Find(IdentityOf(i));
                    (found < 0 ? 0 : slab[found].LastTime).ShouldBe(model.GetValueOrDefault(i));
                }

                Enumerable.Range(0, slab.End).Count(i => slab[i].InUse).ShouldBe(model.Count);
            }
        },
        iter: 300);

    [Fact]
    public void records_stay_where_they_are_while_it_grows()
    {
        var slab = new IdentitySlab<StreamRecord>();
        ref var first = ref slab[slab.Add(1)];
        for (var i = 2; i <= 100_000; i++)
            slab[slab.Add((UInt128)(uint)i * 0x9E3779B97F4A7C15)].Bits = (ulong)i;
        first.Bits = 77;
        slab[slab.Find(1)].Bits.ShouldBe(77ul);
        for (var i = 2; i <= 100_000; i++)
            slab[slab.Find((UInt128)(uint)i * 0x9E3779B97F4A7C15)].Bits.ShouldBe((ulong)i);
        (slab.AllocatedBytes / 100_000.0).ShouldBeInRange(64, 64 + 12);
    }

    // Few low bits and many equal ones, so that slots collide and wrap around; equal high bits, so that tags do too.
    private static UInt128 IdentityOf(int key) => ((UInt128)(uint)key << 70) + (ulong)((key % 4) + 62);
}
