using System.Text;
using Phoenix.Pipelines;

namespace Phoenix.Fuzz;

internal static class ConfigurationLaws
{
    /// <summary>Whatever stands in a configuration file, loading it gives a configuration or says what is wrong.</summary>
    public static void Run(byte[] input)
    {
        var loaded = CollectorConfiguration.Load(Encoding.UTF8.GetString(input), _ => null);
        LawBrokenException.Unless(loaded is not null, "nothing loaded");
    }
}
