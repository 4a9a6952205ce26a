using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Applies relabelling rules as Prometheus does (<c>model/relabel</c>).</summary>
internal static class Relabeling
{
    /// <returns>False where a rule drops the target or series.</returns>
    public static bool Apply(IReadOnlyList<RelabelRule> rules, LabelSet labels)
    {
        foreach (var rule in rules)
        {
            if (!Apply(rule, labels))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Apply(RelabelRule rule, LabelSet labels)
    {
        var value = string.Join(rule.Separator, rule.SourceLabels.Select(name => labels[name]));
        switch (rule.Action)
        {
            case RelabelAction.Keep:
                return rule.Pattern.IsMatch(value);
            case RelabelAction.Drop:
                return !rule.Pattern.IsMatch(value);
            case RelabelAction.KeepEqual:
                return labels[rule.TargetLabel] == value;
            case RelabelAction.DropEqual:
                return labels[rule.TargetLabel] != value;
            case RelabelAction.Lowercase:
                labels[rule.TargetLabel] = value.ToLowerInvariant();
                break;
            case RelabelAction.Uppercase:
                labels[rule.TargetLabel] = value.ToUpperInvariant();
                break;
            case RelabelAction.HashMod:
                labels[rule.TargetLabel] = (Hash(value) % rule.Modulus).ToString(CultureInfo.InvariantCulture);
                break;
            case RelabelAction.LabelDrop:
                labels.RemoveAll(l => rule.Pattern.IsMatch(l.Key));
                break;
            case RelabelAction.LabelKeep:
                labels.RemoveAll(l => !rule.Pattern.IsMatch(l.Key));
                break;
            case RelabelAction.LabelMap:
                foreach (var (name, mapped) in labels.Items.ToList())
                {
                    if (rule.Pattern.Match(name) is { Success: true } match)
                    {
                        labels[Expand(rule.Replacement, match)] = mapped;
                    }
                }

                break;
            default:
                Replace(rule, value, labels);
                break;
        }

        return true;
    }

    private static void Replace(RelabelRule rule, string value, LabelSet labels)
    {
        var match = rule.Pattern.Match(value);
        if (!match.Success)
        {
            return;
        }

        var target = Expand(rule.TargetLabel, match);
        if (target.Length > 0)
        {
            // An empty replacement removes the label.
            labels[target] = Expand(rule.Replacement, match);
        }
    }

    /// <summary>Go's <c>Regexp.Expand</c>: <c>$name</c> takes every letter, digit and underscore that follows; an unknown group is empty.</summary>
    private static string Expand(string template, Match match)
    {
        if (!template.Contains('$'))
        {
            return template;
        }

        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }

            var braced = template[i + 1] == '{';
            var start = i + (braced ? 2 : 1);
            var end = start;
            while (end < template.Length && (char.IsAsciiLetterOrDigit(template[end]) || template[end] == '_'))
            {
                end++;
            }

            if (template[i + 1] == '$')
            {
                text.Append('$');
                i++;
            }
            else if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$');
            }
            else
            {
                text.Append(match.Groups[template[start..end]].Value);
                i = braced ? end : end - 1;
            }
        }

        return text.ToString();
    }

    /// <summary>The last eight bytes of the MD5, so that shards are the same ones as Prometheus'.</summary>
    [SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "Spreads targets over shards; protects nothing.")]
    private static ulong Hash(string value) => BinaryPrimitives.ReadUInt64BigEndian(MD5.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(8));
}
