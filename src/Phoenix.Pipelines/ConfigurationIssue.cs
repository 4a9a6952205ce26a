namespace Phoenix.Pipelines;

/// <summary>Something wrong, or worth knowing, about a collector configuration, with the place and the remedy.</summary>
/// <param name="Line">1-based line in the file; 0 where the file as a whole is meant.</param>
/// <param name="Key">Dotted path, such as <c>processors.phoenix_topk/services.k</c>.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ConfigurationIssue(int Line, string Key, string Message, string Remedy)
{
    public override string ToString() => $"{Line}: {Key}: {Message}; {Remedy}";
}
