using System.Text.Json;
using System.Text.Json.Serialization;

namespace Phoenix.Contracts;

/// <summary>Enums on the wire are camelCase strings; numbers are refused.</summary>
public sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;

/// <summary>RFC 9457 problem with Phoenix's stable <c>code</c>.</summary>
public sealed record Problem(string? Type, string? Title, int? Status, string? Detail, string? Code);

/// <summary>Source-generated JSON of the wire: camelCase, enums as camelCase strings, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EnrolmentRequest))]
[JsonSerializable(typeof(EnrolmentResponse))]
[JsonSerializable(typeof(PollResponse))]
[JsonSerializable(typeof(TaskProgress))]
[JsonSerializable(typeof(TaskProgressAccepted))]
[JsonSerializable(typeof(TaskResult))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(HeartbeatAccepted))]
[JsonSerializable(typeof(SigningKeys))]
[JsonSerializable(typeof(MeasurementReport))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(UsageAccepted))]
[JsonSerializable(typeof(CollectorStatus))]
[JsonSerializable(typeof(CollectorWindows))]
[JsonSerializable(typeof(MeasurementSettings))]
[JsonSerializable(typeof(CollectorDecisions))]
[JsonSerializable(typeof(IncidentCommand))]
[JsonSerializable(typeof(ConfigurationProblem))]
[JsonSerializable(typeof(PreviewReport))]
[JsonSerializable(typeof(LoadReport))]
[JsonSerializable(typeof(HostLogsReport))]
[JsonSerializable(typeof(ExplorationReport))]
[JsonSerializable(typeof(FlowWindow))]
[JsonSerializable(typeof(FlowReport))]
[JsonSerializable(typeof(FlowAccepted))]
[JsonSerializable(typeof(ParityReport))]
[JsonSerializable(typeof(SignedRelease))]
[JsonSerializable(typeof(Problem))]
public sealed partial class WireJson : JsonSerializerContext;
