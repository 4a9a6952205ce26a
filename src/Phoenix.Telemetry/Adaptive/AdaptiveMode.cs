namespace Phoenix.Telemetry;

/// <summary>How boldly <c>phoenix_adaptive</c> works; what each mode means in figures is in <see cref="AdaptiveTuning"/>.</summary>
public enum AdaptiveMode
{
    /// <summary>Folds only what clearly pays, one label at a time, and leaves the labels that people look at first alone.</summary>
    Conservative,
    Balanced,

    /// <summary>Folds several metrics in one step, keeps more room below the budget, and takes small gains too.</summary>
    Aggressive,
}

/// <summary>The constants behind a mode.</summary>
/// <param name="Headroom">Once over the budget, folding goes on until the expectation is this share below it.</param>
/// <param name="Leave">
/// Detail comes back where the expectation with it stays at or below this share of the budget. It is below
/// 1 − <paramref name="Headroom"/>: between the two nothing changes, so that a wavering input does not make labels come and go.
/// </param>
/// <param name="Dwell">A label that was folded or given back is not changed again for this long.</param>
/// <param name="MetricsPerStep">Metrics changed at most in one control interval.</param>
/// <param name="MinimumGain">Share of the metric's series that has to go for every label lost.</param>
/// <param name="MinimumShare">The same as a share of all series that the processor lets out.</param>
/// <param name="Kept">Labels that the mode does not fold although they are not protected by name.</param>
public sealed record AdaptiveTuning(
    double Headroom, double Leave, TimeSpan Dwell, int MetricsPerStep, double MinimumGain, double MinimumShare, IReadOnlyList<string> Kept)
{
    private static readonly string[] Outcomes =
        ["code", "status", "status_code", "http.status_code", "http.response.status_code", "rpc.grpc.status_code", "error.type", "severity", "level"];

    private static readonly string[] Places =
        ["namespace", "cluster", "env", "environment", "region", "zone", "method", "http.method", "http.request.method", "state", "mode", "type"];

    /// <summary>Identity of host, service and target, and the edges of distributions: no mode and no setting folds them.</summary>
    public static IReadOnlyList<string> NeverFolded { get; } =
    [
        "host.id", "host.name", "service.name", "service.namespace", "service.instance.id", "job", "instance", "le", "quantile", "__name__",
    ];

    public static AdaptiveTuning Of(AdaptiveMode mode) => mode switch
    {
        AdaptiveMode.Conservative => new(0, 0.85, TimeSpan.FromMinutes(30), 1, 0.5, 0.005, [.. Outcomes, .. Places]),
        AdaptiveMode.Balanced => new(0.05, 0.8, TimeSpan.FromMinutes(15), 4, 0.2, 0.001, Outcomes),
        AdaptiveMode.Aggressive => new(0.1, 0.7, TimeSpan.FromMinutes(5), 16, 0.02, 0, []),
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode."),
    };
}
