using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Domain;

/// <summary>
/// Stream ids that follow from names, so that a repeated command meets the stream it made the first time.
/// UUID version 8 (RFC 9562 §5.8) over SHA-256.
/// </summary>
public static class StreamIds
{
    public static Guid Agent(string hostId) => From("agent", hostId);

    /// <summary>There is one price book.</summary>
    public static readonly Guid PriceBook = From("price-book", "");

    /// <summary>There is one change policy.</summary>
    public static readonly Guid ChangePolicy = From("change-policy", "");

    /// <summary>There is one list of metrics that the whole organisation protects.</summary>
    public static readonly Guid MetricProtection = From("metric-protection", "");

    /// <summary>One for each day and pipeline version, however often the day is added up.</summary>
    public static Guid Usage(DateOnly day, Guid? pipelineId, int version, string configurationHash) =>
        From("usage", $"{day:yyyy-MM-dd}/{pipelineId:N}/{version}/{configurationHash}");

    /// <summary>The draft that one breach of a budget, or one forecast of it, leads to, however often it is asked for.</summary>
    public static Guid BudgetDraft(Guid budgetId, Guid eventId) => From("budget-draft", $"{budgetId:N}/{eventId:N}");

    /// <summary>The full detail of a pipeline is a pipeline of its own, made once.</summary>
    public static Guid FullDetail(Guid pipelineId) => From("full-detail", pipelineId.ToString("N"));

    public static Guid Group(string name) => From("group", name);

    public static Guid NotificationTarget(string name) => From("notification-target", name);

    /// <summary>One delivery per target and event, however often it is sent.</summary>
    public static Guid NotificationDelivery(Guid targetId, Guid eventId) => From("notification", $"{targetId:N}/{eventId:N}");

    public static Guid Backend(string name) => From("backend", name);

    /// <summary>One task per experiment, purpose, round and host, however often the step that queues it is repeated.</summary>
    public static Guid Task(Guid experimentId, string purpose, int round, string hostId) =>
        From("task", $"{experimentId:N}/{purpose}/{round}/{hostId}");

    static Guid From(string kind, string name)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"phoenix/{kind}/{name}"), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
