namespace Phoenix.Pipelines.Tests;

public class ComponentReferenceTests
{
    public static TheoryData<string, string> Types => [.. ComponentReference.All.Select(c => (c.Kind, c.Type))];

    private static ComponentKey Key(string type, string key) => ComponentReference.All.Single(c => c.Type == type).Keys.Single(k => k.Key == key);

    [Fact]
    public void every_type_that_a_configuration_may_name_is_described()
    {
        ComponentReference.All.Select(c => $"{c.Kind}/{c.Type}").ShouldBe(
        [
            .. ComponentCatalogue.Receivers.Keys.Select(t => $"receivers/{t}"), .. ComponentCatalogue.Processors.Keys.Select(t => $"processors/{t}"),
            .. ComponentCatalogue.Exporters.Keys.Select(t => $"exporters/{t}"), .. ComponentCatalogue.Extensions.Keys.Select(t => $"extensions/{t}"),
        ]);
        ComponentReference.All.ShouldAllBe(c => c.Summary.EndsWith('.'));
        ComponentReference.All.Where(c => c.Keys.Count == 0).Select(c => c.Type).ShouldBe(["nop"]);
    }

    [Fact]
    public void bounds_and_defaults_are_those_of_the_reader()
    {
        ShouldBe(Key("phoenix_topk", "k"), ComponentKeyType.WholeNumber, "10", "1", "1000000", []);
        ShouldBe(Key("phoenix_topk", "window"), ComponentKeyType.Duration, "5m", "1s", "24h", []);
        ShouldBe(Key("phoenix_topk", "by"), ComponentKeyType.Choice, "rate", null, null, ["rate", "value"]);
        ShouldBe(Key("phoenix_topk", "hysteresis.enter"), ComponentKeyType.Number, "0.8", "0.01", "1", []);
        Key("phoenix_topk", "metrics").Type.ShouldBe(ComponentKeyType.List);
        Key("phoenix_aggregate", "rules[].keep").Type.ShouldBe(ComponentKeyType.List);
        Key("memory_limiter", "limit_mib").Type.ShouldBe(ComponentKeyType.WholeNumber, "also where the reader first asks whether it is there");
        Key("otlp_http", "sending_queue.num_consumers").Type.ShouldBe(ComponentKeyType.WholeNumber);
    }

    private static void ShouldBe(ComponentKey key, ComponentKeyType type, string? byDefault, string? min, string? max, string[] allowed)
    {
        (key.Type, key.Default, key.Minimum, key.Maximum).ShouldBe((type, byDefault, min, max));
        key.Allowed.ShouldBe(allowed);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void the_reader_knows_the_keys_that_are_described_and_no_others(string kind, string type)
    {
        var described = ComponentReference.All.Single(c => c.Kind == kind && c.Type == type).Keys.Select(k => k.Key).Where(k => !k.Contains('.')).ToList();

        var loaded = CollectorConfiguration.Load($"{kind}:\n  {type}:\n    no_such_key: 1\n{string.Concat(described.Select(k => $"    {k}:\n"))}", null);

        loaded.Errors.Where(e => e.Message == "is unknown").Select(e => e.Key).ShouldBe([$"{kind}.{type}.no_such_key"]);
    }
}
