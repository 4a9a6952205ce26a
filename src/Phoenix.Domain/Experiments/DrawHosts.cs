using System.Buffers.Binary;
using System.Security.Cryptography;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

/// <summary>Draws the hosts of an experiment that shall speak of a fleet.</summary>
public static class DrawHosts
{
    /// <summary>Of the experiment itself: who starts it again after a refusal gets the same hosts, and cannot draw until the draw fits.</summary>
    public static int SeedOf(Guid experimentId) => BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(experimentId.ToByteArray(bigEndian: true)));

    /// <param name="seriesIn">Live series that each host takes in now; hosts of which that is not known, or that cannot take part, are absent.</param>
    /// <param name="fleet">Hosts that are meant.</param>
    /// <param name="seed">Recorded with the draw.</param>
    public static (FleetSampled? Sample, Rejection? Rejection) From(IReadOnlyDictionary<string, long> seriesIn, IReadOnlyList<string> fleet, int hosts, int seed)
    {
        FleetHost[] sized = [.. fleet.Where(h => seriesIn.GetValueOrDefault(h) > 0).Select(h => new FleetHost(h, seriesIn[h]))];
        if (sized.Length < hosts)
            return (null, Rejection.Conflict("fleet-too-small",
                $"Of {fleet.Count} hosts {sized.Length} run the baseline and say how many series they take in, and {hosts} are to be drawn in proportion to that. A host says so when its production pipeline has closed a window: deploy the baseline to them first."));
        return (new(seed, sized, [.. fleet.Except(sized.Select(h => h.HostId))], [.. FleetSample.Draw(sized, seed).Order.Take(hosts)]), null);
    }
}
