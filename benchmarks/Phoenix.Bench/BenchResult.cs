using System.Text.Json;
using System.Text.Json.Nodes;

namespace Phoenix.Bench;

/// <summary>One benchmark's outcome: medians over interleaved rounds, so that the machine's moods fall on both sides alike.</summary>
/// <param name="Against">The limit or peer measured in the same run.</param>
public sealed record BenchResult(string Bench, string Against, string Unit, IReadOnlyList<double> Ours, IReadOnlyList<double> Reference)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>What this benchmark alone tells, by its name in the JSON.</summary>
    public IReadOnlyDictionary<string, double> Fields { get; init; } = new Dictionary<string, double>();

    /// <summary>What is no single number, by its name in the JSON.</summary>
    public JsonObject Details { get; init; } = [];

    public string ToJson()
    {
        var common = JsonSerializer.SerializeToNode(Common(), Json)!.AsObject();
        foreach (var (name, value) in Fields) common.Add(name, JsonValue.Create(value));
        foreach (var (name, value) in Details) common.Add(name, value?.DeepClone());
        return common.ToJsonString(Json);
    }

    object Common() => new
    {
        Bench, Against, Ours = Math.Round(Median(Ours), 1), Reference = Math.Round(Median(Reference), 1), Unit,
        Ratio = Math.Round(Median(Ours) / Median(Reference), 3),
        // Smallest and largest ratio of one round: what the medians hide.
        Spread = (double[])[Math.Round(Ratios.Min(), 3), Math.Round(Ratios.Max(), 3)],
        Rounds = Ours.Count,
    };

    IEnumerable<double> Ratios => Ours.Zip(Reference, (o, r) => o / r);

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
