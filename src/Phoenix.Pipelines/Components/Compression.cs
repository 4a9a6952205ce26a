namespace Phoenix.Pipelines.Components;

/// <summary>How a body is compressed on its way to a backend.</summary>
public enum Compression
{
    None,
    Gzip,
    Zstd,
}
