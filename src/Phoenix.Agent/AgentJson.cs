using System.Text.Json.Serialization;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Source-generated JSON of the agent's own files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Identity))]
[JsonSerializable(typeof(CollectorState))]
[JsonSerializable(typeof(TaskJournalFile))]
[JsonSerializable(typeof(UpgradeState))]
[JsonSerializable(typeof(PairingCursor))]
[JsonSerializable(typeof(PortsFile))]
[JsonSerializable(typeof(PanicRecord))]
[JsonSerializable(typeof(PanicRequest))]
[JsonSerializable(typeof(WindowReport))]
[JsonSerializable(typeof(UsageState))]
internal sealed partial class AgentJson : JsonSerializerContext;
