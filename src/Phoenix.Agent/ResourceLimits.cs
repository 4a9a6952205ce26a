using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Agent;

/// <summary>What the host owner lets one collector take. Null is no limit.</summary>
/// <param name="MemoryBytes">Of all its memory.</param>
/// <param name="Cores">CPU time per time: 0.5 is half a core.</param>
/// <param name="Tasks">Processes and threads.</param>
/// <param name="OpenFiles">Files and sockets.</param>
internal sealed partial record ResourceLimits(long? MemoryBytes = null, double? Cores = null, long? Tasks = null, long? OpenFiles = null)
{
    public const string MemoryVariable = "PHOENIX_COLLECTOR_MEMORY_MAX";
    public const string CpuVariable = "PHOENIX_COLLECTOR_CPU_MAX";
    public const string TasksVariable = "PHOENIX_COLLECTOR_PIDS_MAX";
    public const string FilesVariable = "PHOENIX_COLLECTOR_FILES_MAX";

    /// <exception cref="SettingsException">Names the variable that is wrong.</exception>
    public static ResourceLimits Read(Func<string, string?> value) => new(
        Amount(value, MemoryVariable, MemoryPattern(), text => text switch { "K" => 1L << 10, "M" => 1L << 20, "G" => 1L << 30, _ => 1 }, 32 << 20, 1L << 50,
            "use a size of at least 32M, such as 512M or 1G") is { } bytes ? (long)bytes : null,
        Amount(value, CpuVariable, CpuPattern(), text => text is "%" ? 0.01 : 1, 0.01, 1024, "use cores or per cent of one, such as 0.5 or 50%"),
        Amount(value, TasksVariable, CountPattern(), _ => 1, 16, 1 << 22, "use a number of at least 16") is { } tasks ? (long)tasks : null,
        Amount(value, FilesVariable, CountPattern(), _ => 1, 64, 1 << 30, "use a number of at least 64") is { } files ? (long)files : null);

    private static double? Amount(Func<string, string?> value, string name, Regex pattern, Func<string, double> unit, double least, double most, string remedy)
    {
        if (value(name) is not { } text)
            return null;
        var match = pattern.Match(text);
        if (!match.Success || double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * unit(match.Groups[2].Value) is var amount && (amount < least || amount > most))
            throw new SettingsException(name, $"is '{text}'", remedy);
        return amount;
    }

    [GeneratedRegex(@"^(\d{1,15})([KMG]?)\z")]
    private static partial Regex MemoryPattern();

    [GeneratedRegex(@"^(\d{1,6}(?:\.\d{1,6})?)(%?)\z")]
    private static partial Regex CpuPattern();

    [GeneratedRegex(@"^(\d{1,15})()\z")]
    private static partial Regex CountPattern();
}
