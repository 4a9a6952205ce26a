namespace Phoenix.FleetSimulator;

/// <summary>FNV-1a (RFC 9923): the same in every process, which <c>string.GetHashCode</c> is not.</summary>
internal static class Fnv
{
    public static uint Of(string text) => text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
