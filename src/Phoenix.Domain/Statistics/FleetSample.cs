using System.Collections.Immutable;

namespace Phoenix.Domain.Statistics;

/// <summary>A host of the fleet before anything was measured.</summary>
/// <param name="Size">What it sends now, in the unit of the criterion (series, points, bytes); known from the input counters of production.</param>
public sealed record FleetHost(string HostId, double Size);

/// <summary>Hosts of about one size.</summary>
/// <param name="From">Size of the smallest class member: a class spans a factor of two.</param>
/// <param name="HostWeight">Of each of its hosts in the fleet's mean: the class's share of all that is sent, divided evenly.</param>
public sealed record FleetStratum(double From, int Hosts, double HostWeight);

/// <summary>A host's place in the draw.</summary>
public sealed record DrawnHost(string HostId, double Weight);

/// <summary>
/// The order in which hosts of a fleet are drawn: at random, without replacement, stratified by size. Each draw picks a size class in
/// proportion to what its undrawn hosts weigh, then one of them, all equally. Waves of a rollout follow the order, so that at any time what
/// was measured is a random sample.
/// </summary>
/// <param name="FleetSize">Hosts that send anything; idle ones weigh nothing and are not spoken of.</param>
public sealed record FleetSample(int FleetSize, ImmutableArray<FleetStratum> Strata, ImmutableArray<DrawnHost> Order)
{
    /// <param name="fleet">All hosts that the claim shall speak of.</param>
    /// <param name="seed">Recorded with the experiment, so that the draw can be repeated and nobody can choose the hosts.</param>
    /// <exception cref="ArgumentException">A size is negative or not finite, or a host is named twice.</exception>
    public static FleetSample Draw(IReadOnlyCollection<FleetHost> fleet, int seed)
    {
        foreach (var host in fleet)
            if (!(double.IsFinite(host.Size) && host.Size >= 0)) throw new ArgumentException($"The size {host.Size} of host {host.HostId} is not a finite number of 0 or more.", nameof(fleet));
        if (fleet.Select(h => h.HostId).Distinct().Count() < fleet.Count) throw new ArgumentException("A host is named twice.", nameof(fleet));
        // In one order, so that neither the draw nor the rounding of a sum depends on how the fleet was listed.
        var sending = fleet.Where(h => h.Size > 0).OrderBy(h => h.HostId, StringComparer.Ordinal).ToArray();
        var total = sending.Sum(h => h.Size);
        var random = new Random(seed);
        var classes = sending.GroupBy(h => Math.ILogB(h.Size)).OrderBy(g => g.Key).Select(g =>
        {
            var hosts = g.ToArray();
            random.Shuffle(hosts);
            return (Stratum: new FleetStratum(Math.ScaleB(1, g.Key), hosts.Length, g.Sum(h => h.Size) / total / hosts.Length), Hosts: new Queue<FleetHost>(hosts));
        }).ToArray();
        var size = classes.Sum(c => c.Hosts.Count);
        var order = ImmutableArray.CreateBuilder<DrawnHost>(size);
        while (order.Count < size)
        {
            var at = random.NextDouble() * classes.Sum(c => c.Stratum.HostWeight * c.Hosts.Count);
            // Rounding may leave the point beyond the last class; then the last that has hosts is meant.
            var chosen = classes.Last(c => c.Hosts.Count > 0);
            foreach (var c in classes)
            {
                at -= c.Stratum.HostWeight * c.Hosts.Count;
                if (at >= 0 || c.Hosts.Count == 0) continue;
                chosen = c;
                break;
            }
            order.Add(new(chosen.Hosts.Dequeue().HostId, chosen.Stratum.HostWeight));
        }
        return new(size, [.. classes.Select(c => c.Stratum)], order.MoveToImmutable());
    }
}
