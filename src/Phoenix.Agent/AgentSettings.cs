using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Agent;

/// <summary>What the environment says about this agent. Every wrong value is one line that names the variable and the remedy.</summary>
/// <param name="ApiUrl">Base address of the control plane, ending in a slash.</param>
/// <param name="PollWait">How long one long-poll may be parked by the control plane.</param>
/// <param name="HealthyTimeout">How long a changed collector may take until data flows before it is put back.</param>
/// <param name="EnrolmentToken">Needed until the host is enrolled.</param>
/// <param name="OtelcolPath">The stock collector; null where it is looked for on <paramref name="SearchPath"/>.</param>
/// <param name="SearchPath">Directories, as in PATH.</param>
internal sealed partial record AgentSettings(
    Uri ApiUrl, string HostId, TimeSpan PollWait, string? EnrolmentToken, string StateDirectory, string CollectorPath,
    TimeSpan HealthyTimeout, string? OtelcolPath = null, string SearchPath = "")
{
    /// <summary>Public keys whose configurations run here, where the host owner gives them; null where the control plane's are pinned.</summary>
    public IReadOnlyList<string>? TrustedKeys { get; init; }

    /// <summary>The host owner's list of what may be asked of this host.</summary>
    public string AllowFile { get; init; } = DefaultAllowFile;

    /// <summary>Whether the owner said where it is, so that it has to be there.</summary>
    public bool AllowFileIsNamed { get; init; }

    /// <summary>What one collector may take.</summary>
    public ResourceLimits Limits { get; init; } = new();

    /// <summary>A control group that was delegated to the agent; null where its own membership tells.</summary>
    public string? ControlGroup { get; init; }

    /// <summary>Labels that the host proposes for itself when it enrols for the first time; null where it proposes none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public const string ApiUrlVariable = "PHOENIX_API_URL";
    public const string HostIdVariable = "AGENT_HOST_ID";
    public const string PollIntervalVariable = "TASK_POLL_INTERVAL";
    public const string EnrolmentTokenVariable = "PHOENIX_ENROLMENT_TOKEN";
    public const string StateDirectoryVariable = "PHOENIX_AGENT_STATE_DIR";
    public const string CollectorVariable = "PHOENIX_COLLECTOR";
    public const string OtelcolVariable = "PHOENIX_OTELCOL";
    public const string HealthyTimeoutVariable = "PHOENIX_HEALTHY_TIMEOUT";
    public const string LabelsVariable = "PHOENIX_AGENT_LABELS";
    public const string AllowFileVariable = "PHOENIX_AGENT_ALLOW_FILE";
    public const string DefaultAllowFile = "/etc/phoenix-agent/allow.yaml";
    public const string TrustedKeysVariable = "PHOENIX_AGENT_TRUSTED_KEYS_FILE";

    /// <summary>Reads the settings; throws <see cref="SettingsException"/> for the first value that is missing or wrong.</summary>
    public static AgentSettings Read(Func<string, string?> variable, string machineName, string ownDirectory)
    {
        string? Value(string name) => variable(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

        var url = Value(ApiUrlVariable)
            ?? throw new SettingsException(ApiUrlVariable, "is not set", "set it to the address of the control plane, such as http://phoenix.example:8080");
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var apiUrl) || apiUrl.Scheme is not ("http" or "https"))
            throw new SettingsException(ApiUrlVariable, $"is '{url}', which is not an http or https address", "use for example http://phoenix.example:8080");

        var hostId = Value(HostIdVariable) ?? machineName;
        if (!HostIdPattern().IsMatch(hostId))
            throw new SettingsException(HostIdVariable, $"is '{hostId}'", "use 1 to 253 letters, digits, dots, underscores or hyphens");

        var stateDirectory = Path.GetFullPath(Value(StateDirectoryVariable) ?? "/var/lib/phoenix-agent");
        return new AgentSettings(
            apiUrl, hostId,
            Duration(PollIntervalVariable, Value(PollIntervalVariable), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)),
            Value(EnrolmentTokenVariable), stateDirectory,
            Path.GetFullPath(Value(CollectorVariable) ?? Path.Combine(ownDirectory, "phoenix-collector")),
            Duration(HealthyTimeoutVariable, Value(HealthyTimeoutVariable), TimeSpan.FromSeconds(45), TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Value(OtelcolVariable) is { } otelcol ? Path.GetFullPath(otelcol) : null, Value("PATH") ?? "")
        {
            TrustedKeys = Value(TrustedKeysVariable) is { } keys ? Agent.TrustedKeys.ReadFile(Path.GetFullPath(keys)) : null,
            AllowFile = Value(AllowFileVariable) is { } allow ? Path.GetFullPath(allow) : DefaultAllowFile,
            AllowFileIsNamed = Value(AllowFileVariable) is not null,
            Limits = ResourceLimits.Read(Value),
            Labels = Value(LabelsVariable) is { } labels ? ReadLabels(labels) : null,
            ControlGroup = Value(ControlGroups.DirectoryVariable) is { } group ? Path.GetFullPath(group) : null,
        };
    }

    /// <summary>The same for a command that talks to nobody, in a shell that does not have the service's variables.</summary>
    public static AgentSettings ReadOffline(Func<string, string?> variable, string ownDirectory) =>
        Read(name => name is ApiUrlVariable ? "http://localhost" : name is HostIdVariable or TrustedKeysVariable ? null : variable(name), "host", ownDirectory);

    /// <summary>Where the state is, for commands that talk to nobody.</summary>
    public static string ReadStateDirectory(Func<string, string?> variable) =>
        Path.GetFullPath(variable(StateDirectoryVariable) is { Length: > 0 } path ? path : "/var/lib/phoenix-agent");

    /// <summary>What keys and values may be is the control plane's to say; it refuses the enrolment with what is wrong.</summary>
    private static Dictionary<string, string> ReadLabels(string text)
    {
        Dictionary<string, string> labels = [];
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is not [{ Length: > 0 } key, var value])
                throw new SettingsException(LabelsVariable, $"has '{pair}'", "use keys and values between commas, such as role=web,env=staging");
            if (!labels.TryAdd(key, value))
                throw new SettingsException(LabelsVariable, $"has '{key}' twice", "give each key one value");
        }
        return labels;
    }

    private static TimeSpan Duration(string name, string? text, TimeSpan otherwise, TimeSpan least, TimeSpan most)
    {
        if (text is null)
            return otherwise;

        var match = DurationPattern().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var amount))
            throw new SettingsException(name, $"is '{text}', which is not a duration", "use a number with its unit, such as 500ms, 30s or 2m");

        var duration = match.Groups[2].Value switch
        {
            "ms" => amount,
            "s" => amount * 1000,
            _ => amount * 60_000,
        };
        if (duration < least.TotalMilliseconds || duration > most.TotalMilliseconds)
            throw new SettingsException(name, $"is '{text}'", $"use a duration from {least.TotalMilliseconds:0}ms to {most.TotalSeconds:0}s");

        return TimeSpan.FromMilliseconds(duration);
    }

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)(ms|s|m)$")]
    private static partial Regex DurationPattern();

    /// <summary>As the control plane's <c>AgentDecisions.IsHostId</c>.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,253}\z")]
    private static partial Regex HostIdPattern();
}

/// <summary>A setting that the agent cannot start with: exit code 2.</summary>
internal sealed class SettingsException(string variable, string problem, string remedy) : Exception($"{variable} {problem}: {remedy}.");
