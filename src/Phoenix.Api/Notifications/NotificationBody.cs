using System.Text.Json;

namespace Phoenix.Api.Notifications;

/// <summary>What a webhook is sent.</summary>
/// <param name="Kind">Such as <c>experiment.verdict</c>.</param>
/// <param name="EventId">Of the event in the log; the same in every repetition.</param>
/// <param name="Sequence">Its place in the log; who is told of two events knows which came first.</param>
/// <param name="Subject">Name of the experiment, host or release.</param>
/// <param name="Text">One sentence for people.</param>
/// <param name="Link">Path on the control plane under which there is more.</param>
/// <param name="Data">What the kind says.</param>
public sealed record NotificationBody(
    string Kind, Guid EventId, long Sequence, DateTimeOffset OccurredAt, NotificationStream Stream, string Subject, string Text, string Link, JsonElement Data);

/// <param name="Type">Such as <c>experiment</c>.</param>
public sealed record NotificationStream(Guid Id, string Type);
