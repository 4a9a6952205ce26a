using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class FieldTableTests
{
    [Fact]
    public void what_was_added_is_written_as_it_was_and_is_held_as_long_as_it_is_used() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 12], Gen.Bool).Array[1, 60].Sample(
            steps =>
            {
                var table = new FieldTable();
                var held = new List<(byte[] Encoded, FieldRun Run)>();
                foreach (var (seed, count, removes) in steps)
                {
                    if (removes && held.Count > 0)
                    {
                        table.Remove(held[seed % held.Count].Run);
                        held.RemoveAt(seed % held.Count);
                        continue;
                    }

                    var encoded = new ProtoBuffer();
                    for (var i = 0; i < count; i++)
                        KeyValue.Write(encoded, 7, $"key{i}", new string('v', (seed + i) % 7 * 500));
                    var bytes = encoded.Span.ToArray();
                    held.Add((bytes, table.Add(bytes)));
                }

                foreach (var (encoded, run) in held)
                {
                    var written = new ProtoBuffer();
                    table.Write(written, run);
                    written.Span.ToArray().ShouldBe(encoded);
                }

                table.Count.ShouldBe(held.SelectMany(h => Fields(h.Encoded)).Distinct().Count());
            },
            iter: 300);

    private static List<string> Fields(byte[] encoded)
    {
        var fields = new List<string>();
        var cursor = new ProtoCursor(encoded, 0);
        while (cursor.Next())
            fields.Add(Convert.ToHexString(cursor.Raw));
        return fields;
    }
}
