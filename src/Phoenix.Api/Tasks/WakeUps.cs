using System.Threading.Channels;
using Marten;
using Marten.Services;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>Hosts that may have work: told by commits of this node, by other nodes, by polls that arrive, and by the sweep.</summary>
public sealed class WakeUps : DocumentSessionListenerBase
{
    readonly Channel<string> _hosts = Channel.CreateUnbounded<string>(new() { SingleReader = true });
    readonly Channel<string> _committed = Channel.CreateUnbounded<string>(new() { SingleReader = true });

    public ChannelReader<string> Reader => _hosts.Reader;

    /// <summary>Hosts that got work by commits of this node, for the other nodes to hear of.</summary>
    public ChannelReader<string> Committed => _committed.Reader;

    public void Wake(string hostId) => _hosts.Writer.TryWrite(hostId);

    /// <summary>Once tasks are committed their hosts are woken at once, whichever handler queued them.</summary>
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var e in commit.GetEvents())
        {
            if (e.Data is not TaskQueued queued) continue;
            Wake(queued.HostId);
            _committed.Writer.TryWrite(queued.HostId);
        }
        return Task.CompletedTask;
    }
}
