using System.Text;

namespace Phoenix.Pipelines.Yaml;

/// <summary>
/// One text for every way to write the same values: keys sorted, aliases written out, comments and layout gone, variables
/// as written. Two texts are equal exactly where the values are.
/// </summary>
internal static class CanonicalText
{
    public static void Append(StringBuilder output, YamlNode node)
    {
        if (node.Entries is not null)
        {
            output.Append('{');
            foreach (var entry in node.Entries.OrderBy(e => e.Key, StringComparer.Ordinal))
            {
                Quote(output, entry.Key);
                output.Append(':');
                Append(output, entry.Value);
                output.Append(',');
            }

            output.Append('}');
        }
        else if (node.Items is not null)
        {
            output.Append('[');
            foreach (var item in node.Items)
            {
                Append(output, item);
                output.Append(',');
            }

            output.Append(']');
        }
        else if (node.IsNull)
        {
            output.Append("null");
        }
        else
        {
            Quote(output, node.Raw ?? "");
        }
    }

    private static void Quote(StringBuilder output, string text) =>
        output.Append('"').Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
}
