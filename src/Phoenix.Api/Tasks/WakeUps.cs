using System.Threading.Channels;

namespace Phoenix.Api.Tasks;

/// <summary>Hosts that may have work: told by commits of this node, by other nodes, by polls that arrive, and by the sweep.</summary>
public sealed class WakeUps
{
    readonly Channel<string> _hosts = Channel.CreateUnbounded<string>(new() { SingleReader = true });
    readonly Channel<string> _toTell = Channel.CreateUnbounded<string>(new() { SingleReader = true });

    public ChannelReader<string> Reader => _hosts.Reader;

    /// <summary>Hosts that got work by commits of this node, for the other nodes to hear of.</summary>
    public ChannelReader<string> ToTell => _toTell.Reader;

    public void Wake(string hostId) => _hosts.Writer.TryWrite(hostId);

    /// <summary>Tasks for these hosts were committed by this node.</summary>
    public void Committed(IReadOnlyList<string> hosts)
    {
        foreach (var host in hosts)
        {
            Wake(host);
            _toTell.Writer.TryWrite(host);
        }
    }
}
