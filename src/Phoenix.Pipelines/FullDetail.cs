using Phoenix.Pipelines.Stock;
using Phoenix.Pipelines.Yaml;
using static Phoenix.Pipelines.Yaml.YamlEdit;

namespace Phoenix.Pipelines;

/// <summary>A configuration with nothing folded: what is received, filtered and exported stays as it is, the reducers are taken out.</summary>
public static class FullDetail
{
    /// <param name="configuration">A configuration that loads.</param>
    /// <returns>Null where nothing is folded already.</returns>
    public static string? Of(string configuration)
    {
        // Variables stay as they are written: the host knows what they hold.
        var root = YamlReader.ReadLiteral(configuration, []) ?? throw new ArgumentException("The configuration is no YAML.", nameof(configuration));
        return root.At("processors") is { Entries: { } entries } && entries.Exists(e => StockDefinition.IsReducer(e.Key)) ? YamlText.Write(WithoutReducers(root)) : null;
    }

    internal static YamlNode WithoutReducers(YamlNode root)
    {
        var full = root;
        if (root.At("processors") is { } processors)
        {
            var left = processors.Without(StockDefinition.IsReducer);
            full = left.Entries!.Count > 0 ? full.With("processors", left) : full.Without(key => key == "processors");
        }

        var service = root.At("service")!;
        var pipelines = service.At("pipelines")!;
        foreach (var (name, _, pipeline, _) in pipelines.Entries!)
        {
            if (pipeline.At("processors") is { Items: { } ids } && ids.Exists(id => StockDefinition.IsReducer(id.Raw ?? "")))
            {
                pipelines = pipelines.With(name, pipeline.With("processors", Sequence(ids.Where(id => !StockDefinition.IsReducer(id.Raw ?? "")))));
            }
        }

        return full.With("service", service.With("pipelines", pipelines));
    }
}
