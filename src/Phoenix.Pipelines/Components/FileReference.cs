namespace Phoenix.Pipelines.Components;

/// <summary>A file that a configuration names, with the place where it does: whether it can be read only its host knows.</summary>
/// <param name="Line">1-based line in the configuration.</param>
/// <param name="Key">Dotted path of the key.</param>
public sealed record FileReference(string Path, int Line, string Key)
{
    internal static FileReference? Read(SectionReader section, string key)
    {
        if (section.Has(key) && section.Text(key) is { } path)
        {
            if (path.Length == 0)
            {
                section.Error(key, "names no file", "write the file's path, or remove the key");
                return null;
            }

            return new(path, section.LineOf(key), $"{section.Path}.{key}");
        }

        return null;
    }
}
