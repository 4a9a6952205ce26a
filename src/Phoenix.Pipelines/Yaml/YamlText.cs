using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Phoenix.Pipelines.Yaml;

/// <summary>
/// Writes nodes as YAML in their order, values as they were written: what carried quotes carries them again, what did not
/// does not, so that a reader sees the same types. Comments and anchors are gone.
/// </summary>
internal static class YamlText
{
    public static string Write(YamlNode root)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        // Never folded: a value that is one line stays one.
        var emitter = new Emitter(writer, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Write(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return writer.ToString();
    }

    private static void Write(Emitter emitter, YamlNode node)
    {
        if (node.Entries is { } entries)
        {
            emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
            foreach (var entry in entries)
            {
                Write(emitter, entry.Key, entry.PlainKey);
                Write(emitter, entry.Value);
            }

            emitter.Emit(new MappingEnd());
        }
        else if (node.Items is { } items)
        {
            emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
            foreach (var item in items)
            {
                Write(emitter, item);
            }

            emitter.Emit(new SequenceEnd());
        }
        else if (node.IsNull)
        {
            Write(emitter, "null", plain: true);
        }
        else
        {
            Write(emitter, node.Raw ?? "", node.Plain);
        }
    }

    private static void Write(Emitter emitter, string text, bool plain)
    {
        // A plain value over several lines is text whatever it says; in quotes it cannot be folded again.
        var style = plain && !text.Contains('\n') ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: style is ScalarStyle.Plain, isQuotedImplicit: true));
    }
}
