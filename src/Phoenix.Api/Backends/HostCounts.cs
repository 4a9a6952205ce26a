using System.Globalization;
using System.Text;
using Phoenix.Domain.Backends;

namespace Phoenix.Api.Backends;

/// <summary>Of which host and time series are counted.</summary>
public sealed record CountedHost(string HostId, DateTimeOffset From, DateTimeOffset To);

/// <param name="Counts">By host; one that the backend does not know has 0. Hosts of an incomplete answer are absent.</param>
public sealed record HostCounts(IReadOnlyDictionary<string, BackendCount> Counts, IReadOnlyList<string> Warnings)
{
    /// <summary>Keeps a query within what backends take: VictoriaMetrics' default is 16 KB.</summary>
    const int HostsAQuery = 50, BytesAQuery = 12_000;

    /// <summary>
    /// Counts each host's series that have a sample in its own window, as Phoenix counted them: hosts cut their windows at times of their own, so that one
    /// instant for all of them would count other series.
    /// </summary>
    public static async Task<HostCounts> Ask(PrometheusClient client, string label, IReadOnlyList<CountedHost> hosts, CancellationToken cancellation)
    {
        Dictionary<string, BackendCount> counts = [];
        List<string> warnings = [];
        foreach (var some in Parts(hosts, host => $"count by ({label}) (last_over_time({{{label}=\"{Quoted(host.HostId)}\"}}{Time(host)}))"))
        {
            var answer = await client.Query(some.Expression, cancellation);
            warnings.AddRange(answer.Warnings);
            if (answer.Partial) warnings.Add("The backend said that its answer is incomplete.");
            var found = answer.Values.GroupBy(v => v.Labels.GetValueOrDefault(label, "")).ToDictionary(g => g.Key, g => (long)g.Sum(v => v.Value));
            if (!answer.Partial)
                foreach (var host in some.Hosts) counts[host.HostId] = new(host.From, host.To, found.GetValueOrDefault(host.HostId));
        }
        return new(counts, [.. warnings.Distinct()]);
    }

    /// <summary>Counts the series that a backend or a scraper adds by itself, and <c>target_info</c>.</summary>
    public static async Task<IReadOnlyDictionary<string, AddedSeries>> AskAdded(PrometheusClient client, string label, IReadOnlyList<CountedHost> hosts, CancellationToken cancellation)
    {
        Dictionary<string, AddedSeries> added = [];
        foreach (var some in Parts(hosts, host => $"count by ({label}, __name__) (last_over_time({{{label}=\"{Quoted(host.HostId)}\",__name__=~\"target_info|up|scrape_.+|ALERTS|ALERTS_FOR_STATE\"}}{Time(host)}))"))
        {
            var answer = await client.Query(some.Expression, cancellation);
            if (answer.Partial) continue;
            foreach (var host in some.Hosts)
            {
                var own = answer.Values.Where(v => v.Labels.GetValueOrDefault(label) == host.HostId).ToLookup(v => v.Labels.GetValueOrDefault("__name__") == "target_info");
                added[host.HostId] = new((long)own[false].Sum(v => v.Value), (long)own[true].Sum(v => v.Value));
            }
        }
        return added;
    }

    static IEnumerable<(IReadOnlyList<CountedHost> Hosts, string Expression)> Parts(IReadOnlyList<CountedHost> hosts, Func<CountedHost, string> term)
    {
        List<CountedHost> some = [];
        var text = new StringBuilder();
        foreach (var host in hosts)
        {
            var next = term(host);
            if (some.Count > 0 && (some.Count == HostsAQuery || text.Length + next.Length > BytesAQuery))
            {
                yield return (some, text.ToString());
                some = [];
                text.Clear();
            }
            if (some.Count > 0) text.Append(" or ");
            some.Add(host);
            text.Append(next);
        }
        if (some.Count > 0) yield return (some, text.ToString());
    }

    static string Time(CountedHost host) => string.Create(CultureInfo.InvariantCulture,
        $"[{Math.Max(1, (long)(host.To - host.From).TotalMilliseconds)}ms] @ {host.To.ToUnixTimeMilliseconds() / 1000.0:0.000}");

    /// <summary>A string of PromQL, which is one of Go.</summary>
    static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length);
        foreach (var c in text)
            _ = c switch
            {
                '\\' or '"' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                < ' ' or '\x7f' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        return quoted.ToString();
    }
}
