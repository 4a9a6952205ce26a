namespace Phoenix.Api.Live;

/// <summary>
/// What this node has told of late, the newest of each stream. A page that began to read a moment ago hears what has changed since, and need not read
/// everything a second time.
/// </summary>
public sealed class RecentlyTold(TimeProvider clock)
{
    /// <summary>What was told before is forgotten.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);

    /// <summary>Streams remembered at most.</summary>
    public const int Most = LiveClients.MaxWaiting;

    readonly Lock _lock = new();
    readonly LinkedList<(long At, LiveMessage Message)> _told = [];
    readonly Dictionary<Guid, LinkedListNode<(long At, LiveMessage Message)>> _newest = [];

    /// <summary>Everything that was committed since then and is seen by now has been told; null before the log is followed.</summary>
    long? _complete;

    /// <summary>From now on no change is missed.</summary>
    public void Begin()
    {
        lock (_lock) _complete = clock.GetTimestamp();
    }

    public void Add(LiveMessage message)
    {
        lock (_lock)
        {
            if (_newest.Remove(message.Id, out var before))
            {
                _told.Remove(before);
                // A number that was missing comes late: the newest version is still the one to tell.
                if (before.Value.Message.Version > message.Version) message = before.Value.Message;
            }
            _newest[message.Id] = _told.AddLast((clock.GetTimestamp(), message));
            while (_told.Count > Most || clock.GetElapsedTime(_told.First!.Value.At) > Kept)
            {
                var (at, oldest) = _told.First!.Value;
                _told.RemoveFirst();
                _newest.Remove(oldest.Id);
                _complete = at + 1;
            }
        }
    }

    /// <summary>What was told in the time that has just passed; null where not all of it is known any more, or not yet.</summary>
    public IReadOnlyList<LiveMessage>? Within(TimeSpan time)
    {
        if (time > Kept) return null;
        lock (_lock)
        {
            if (_complete is not { } complete || clock.GetElapsedTime(complete) < time) return null;
            List<LiveMessage> found = [];
            for (var node = _told.Last; node is not null && clock.GetElapsedTime(node.Value.At) <= time; node = node.Previous) found.Add(node.Value.Message);
            found.Reverse();
            return found;
        }
    }
}
