using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Names of groups as a person writes them. Kept for the groups of metrics that are folded; another group gets its name
/// from the first point after it was found wrong, since a name is larger than all else that is known of a group.
/// </summary>
internal sealed class LedgerNames
{
    private readonly Dictionary<int, byte[]> names = [];

    public void Set(int group, MeteredMetric metric, scoped in BatchReader reader) => names[group] = Encoding.UTF8.GetBytes(Describe(metric, reader));

    public void Forget(int group) => names.Remove(group);

    public bool Has(int group) => names.ContainsKey(group);

    public string Of(int group, MeteredMetric metric) => names.TryGetValue(group, out var name) ? Encoding.UTF8.GetString(name) : metric.Name + "{…}";

    private static string Describe(MeteredMetric metric, scoped in BatchReader reader)
    {
        const int LongEnough = 200;
        var text = new StringBuilder(metric.Name);
        var separator = '{';
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        while (text.Length < LongEnough && attributes.Next())
        {
            if (metric.Folds(attributes.Current.Key, ofResource: false))
                continue;
            text.Append(separator).Append(Encoding.UTF8.GetString(attributes.Current.Key)).Append("=\"").Append(SeriesText.Value(attributes.Current.Value)).Append('"');
            separator = ',';
        }

        return separator == '{' ? text.ToString() : text.Append('}').ToString();
    }
}
