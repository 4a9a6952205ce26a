using System.Text.Json;

namespace Phoenix.Demo;

/// <summary>A list as the control plane answers it.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items);

internal sealed record SignedIn(Guid Id);

internal sealed record IssuedSecret(string Secret);

internal sealed record IssuedToken(string Token);

internal sealed record PipelineSummary(Guid Id, string Name, int LatestVersion);

internal sealed record PipelineText(string Configuration);

/// <summary>What creating and publishing answer.</summary>
internal sealed record Versioned(Guid Id, int Version);

internal sealed record PipelineRef(Guid PipelineId, int Version);

internal sealed record Plan(int WarmUpSeconds, int DurationSeconds, int WindowSeconds);

/// <param name="Claim">A demo of minutes can tell what was observed, not what the host will do for good.</param>
internal sealed record Criteria(double MinSeriesReductionPct, double MaxConservationErrorPct, string Claim = "observed");

internal sealed record ExperimentDraft(
    string Name, string Hypothesis, PipelineRef Baseline, PipelineRef Candidate, IReadOnlyList<string> Hosts, Plan Plan, Criteria Criteria,
    IReadOnlyList<string> ProtectedMetrics, string PriceEntry, string Reason);

/// <summary>An experiment as the control plane tells it; what is not known yet is null.</summary>
internal sealed record Experiment(
    Guid Id, string Name, string State, IReadOnlyList<string> Hosts, int Windows, int VoidWindows, Evidence? Evidence, Verdict? Verdict,
    Breach? Breach);

/// <summary>As in a list, which names no hosts.</summary>
internal sealed record ListedExperiment(Guid Id, string Name, string State);

internal sealed record Evidence(
    double SeriesReductionPct, double LiveSeriesReductionPct, double PointsReductionPct, double BytesReductionPct,
    double ConservationErrorPct, long ConservationGroups, long IncrementsChecked, long ProtectedExpected, long ProtectedRetained,
    double BaselineSeries, double CandidateSeries, double MeasuredMinutes, Saving? Saving);

internal sealed record Saving(decimal PerMonth, string Currency, string PriceEntry, double ExtrapolatedFromMinutes);

internal sealed record Verdict(string Outcome, string Scope, IReadOnlyList<string> Reasons);

internal sealed record Breach(string Guardrail, string Detail, double Measured, double Limit, int Window);

internal sealed record FleetHost(string HostId, DateTimeOffset? LastSeenAt);

/// <summary>One event as auditors read it.</summary>
/// <param name="Actor">Opaque user id, <c>agent:HOST</c> or <c>system</c>.</param>
/// <param name="Data">What the event says.</param>
internal sealed record AuditEntry(
    long Sequence, DateTimeOffset Timestamp, Guid StreamId, Guid? ExperimentId, string Type, string? Actor, string? Reason, JsonElement Data);
