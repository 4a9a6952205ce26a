using Phoenix.Contracts;

namespace Phoenix.Collector;

/// <summary>What the process was asked to do.</summary>
/// <param name="Arm">Where the input comes from: production owns the receivers, a candidate hears the tee.</param>
/// <param name="Shadow">Whether the output is only counted.</param>
internal sealed record RunOptions(string Config, CollectorArm Arm, bool Shadow, string ControlSocket, string TeeSocket);

/// <summary>Reads <c>--name value</c> pairs. Every error says which argument and what to write.</summary>
internal static class CommandLine
{
    public const string Usage = """
        phoenix-collector --config FILE --arm production|baseline|candidate --control SOCKET --tee SOCKET
            runs one arm: production owns the receivers and serves the tee, a candidate is fed by it;
            a baseline is production whose output is only counted, for a copy of what another collector exports
        phoenix-collector validate --config FILE [--format text|json]
            checks a configuration; exit code 1 where it would not start
        phoenix-collector --version
        phoenix-collector --help
        """;

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static RunOptions ParseRun(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--config", "--arm", "--control", "--tee");
        return new RunOptions(
            Required(values, "--config", "the configuration file"),
            Required(values, "--arm", "production, baseline or candidate") switch
            {
                "production" or "baseline" => CollectorArm.Production,
                "candidate" => CollectorArm.Candidate,
                var other => throw new ArgumentException($"--arm {other}: write production, baseline or candidate"),
            },
            Shadow: values["--arm"] is not "production",
            Required(values, "--control", "a path for the control socket"),
            Required(values, "--tee", "the path of the tee's socket, the same for both arms"));
    }

    /// <exception cref="ArgumentException">The message is for the person at the terminal.</exception>
    public static (string Config, bool Json) ParseValidate(ReadOnlySpan<string> arguments)
    {
        var values = Parse(arguments, "--config", "--format");
        return (Required(values, "--config", "the configuration file"), values.GetValueOrDefault("--format", "text") switch
        {
            "text" => false,
            "json" => true,
            var other => throw new ArgumentException($"--format {other}: write text or json"),
        });
    }

    private static Dictionary<string, string> Parse(ReadOnlySpan<string> arguments, params ReadOnlySpan<string> known)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!known.Contains(arguments[i]))
            {
                throw new ArgumentException($"{arguments[i]} is unknown; --help shows what there is");
            }

            if (i + 1 == arguments.Length)
            {
                throw new ArgumentException($"{arguments[i]} needs a value");
            }

            if (!values.TryAdd(arguments[i], arguments[i + 1]))
            {
                throw new ArgumentException($"{arguments[i]} is given twice");
            }
        }

        return values;
    }

    private static string Required(Dictionary<string, string> values, string name, string meaning) =>
        values.TryGetValue(name, out var value) && value.Length > 0 ? value : throw new ArgumentException($"{name} is missing: give {meaning}");
}
