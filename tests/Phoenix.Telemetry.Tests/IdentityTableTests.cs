using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class IdentityTableTests
{
    [Fact]
    public void it_behaves_as_a_dictionary_does() => Gen.Select(Gen.Int[0, 40], Gen.Bool).Array[0, 300].Sample(
        steps =>
        {
            var table = new IdentityTable();
            var model = new Dictionary<int, int>();
            foreach (var (key, add) in steps)
            {
                // Few low bits and many equal ones, so that slots collide and wrap around.
                var identity = ((UInt128)(uint)key << 70) + (ulong)(key % 4 + 62);
                if (!add)
                {
                    table.Remove(identity);
                    model.Remove(key);
                }
                else if (model.TryAdd(key, key))
                {
                    table.Add(identity, key);
                }

                table.Count.ShouldBe(model.Count);
                for (var i = 0; i <= 40; i++)
                    table.Find(((UInt128)(uint)i << 70) + (ulong)(i % 4 + 62)).ShouldBe(model.GetValueOrDefault(i, -1));
            }
        },
        iter: 300);
}
