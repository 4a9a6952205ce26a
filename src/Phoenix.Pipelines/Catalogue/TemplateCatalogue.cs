using System.Reflection;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>The templates that Phoenix ships: one data file each, beside this one.</summary>
public static class TemplateCatalogue
{
    private const string Prefix = "templates/";
    private const string SharedPrefix = "shared/";
    private static readonly Lazy<IReadOnlyList<Template>> Loaded = new(Load);

    private static readonly Lazy<CatalogueMeasurements> Measured =
        new(() => CatalogueMeasurements.Parse(Text(typeof(TemplateCatalogue).Assembly, "measurements.json")!));

    /// <summary>Every template, by name.</summary>
    public static IReadOnlyList<Template> All => Loaded.Value;

    /// <summary>What the templates made of recorded input.</summary>
    public static CatalogueMeasurements Measurements => Measured.Value;

    public static Template? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    private static IReadOnlyList<Template> Load()
    {
        var assembly = typeof(TemplateCatalogue).Assembly;
        return
        [
            .. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(n => TemplateReader.Read(Text(assembly, n)!, fragment => Text(assembly, $"{SharedPrefix}{fragment}.yaml")))
                .OrderBy(t => t.Name, StringComparer.Ordinal),
        ];
    }

    private static string? Text(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource);
        return stream is null ? null : new StreamReader(stream).ReadToEnd();
    }
}
