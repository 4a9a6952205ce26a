using System.Threading.Channels;
using Marten;
using Marten.Services;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>Hosts that may have work: told by commits of this node, by polls that arrive, and by the sweep.</summary>
public sealed class WakeUps : DocumentSessionListenerBase
{
    readonly Channel<string> _hosts = Channel.CreateUnbounded<string>(new() { SingleReader = true });

    public ChannelReader<string> Reader => _hosts.Reader;

    public void Wake(string hostId) => _hosts.Writer.TryWrite(hostId);

    /// <summary>Once tasks are committed their hosts are woken at once, whichever handler queued them.</summary>
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var e in commit.GetEvents())
            if (e.Data is TaskQueued queued) Wake(queued.HostId);
        return Task.CompletedTask;
    }
}
