using System.Globalization;
using Phoenix.Domain.Agents;

namespace Phoenix.Api.Usage;

/// <summary>How usage is reported, and which labels of hosts name team and service.</summary>
/// <param name="PeriodSeconds"><c>PHOENIX_USAGE_PERIOD_SECONDS</c>: how long a reported period is, 60 to 3600; 300 where it is not set.</param>
/// <param name="TeamLabel"><c>PHOENIX_TEAM_LABEL</c>: <c>team</c> where it is not set.</param>
/// <param name="ServiceLabel"><c>PHOENIX_SERVICE_LABEL</c>: <c>service</c> where it is not set.</param>
/// <param name="RetentionDays">For how long raw reports are kept.</param>
public sealed record UsageSettings(double PeriodSeconds, string TeamLabel, string ServiceLabel, int RetentionDays)
{
    /// <exception cref="FormatException">Names the setting and what it may be.</exception>
    public static UsageSettings Of(IConfiguration configuration) => new(
        configuration["PHOENIX_USAGE_PERIOD_SECONDS"] switch
        {
            null or "" => 300,
            var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 60 and <= 3600 => seconds,
            var text => throw new FormatException($"PHOENIX_USAGE_PERIOD_SECONDS is '{text}'. Use 60 to 3600 seconds, or leave it out for 300."),
        },
        Label(configuration, "PHOENIX_TEAM_LABEL", "team"), Label(configuration, "PHOENIX_SERVICE_LABEL", "service"), UsagePartitions.Retention(configuration));

    static string Label(IConfiguration configuration, string variable, string usual) => configuration[variable] switch
    {
        null or "" => usual,
        var key when HostLabels.IsKey(key) => key,
        var key => throw new FormatException($"{variable} is '{key}', which is no label key. Use one such as '{usual}' or 'example.com/{usual}'."),
    };
}
