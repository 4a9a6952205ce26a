using System.IO.Hashing;
using System.Net;
using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>A target after relabelling: where to ask, and the labels that everything it exposes gets.</summary>
/// <param name="Labels">Beside <c>job</c> and <c>instance</c>.</param>
/// <param name="Key">Equal ones are the same target: URL and all labels.</param>
internal sealed record ScrapeTarget(Uri Url, string Job, string Instance, IReadOnlyList<KeyValuePair<string, string>> Labels, string Key)
{
    private const string Address = "__address__";
    private const string Scheme = "__scheme__";
    private const string MetricsPath = "__metrics_path__";
    private const string Parameter = "__param_";

    /// <summary>Only of a target on this machine is it known which host it runs on.</summary>
    public bool OnThisHost => Url.Host == "localhost" || (IPAddress.TryParse(Url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Where in the interval it is scraped: the same place in every process, different ones for different targets.</summary>
    public long Phase(TimeSpan interval) => (long)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(Key)) % (ulong)Clock.Nanos(interval));

    /// <summary>Makes a target of an address as Prometheus does: labels of job and group, then the job's rules, then what is left without <c>__</c>.</summary>
    /// <returns>Null where a rule drops it, or where nothing is left to ask; <paramref name="problem"/> then says why.</returns>
    public static ScrapeTarget? Create(ScrapeJob job, string address, IReadOnlyDictionary<string, string> groupLabels, string? file, out string? problem)
    {
        problem = null;
        var labels = new LabelSet();
        labels["job"] = job.Name;
        labels[Scheme] = job.Scheme;
        labels[MetricsPath] = job.MetricsPath;
        foreach (var (name, value) in job.Parameters)
        {
            labels[Parameter + name] = labels.Has(Parameter + name) ? labels[Parameter + name] : value;
        }

        labels["__meta_filepath"] = file ?? "";
        foreach (var (name, value) in groupLabels)
        {
            labels[name] = value;
        }

        labels[Address] = address;
        if (!Relabeling.Apply(job.TargetRules, labels))
        {
            return null;
        }

        var scheme = labels[Scheme];
        if (scheme is not ("http" or "https") || !Uri.TryCreate($"{scheme}://{labels[Address]}/", UriKind.Absolute, out var root) || root.Host.Length == 0 || root.PathAndQuery != "/" || root.UserInfo.Length > 0)
        {
            problem = $"`{scheme}://{labels[Address]}` is no address to scrape";
            return null;
        }

        var instance = labels["instance"] is { Length: > 0 } given ? given : $"{root.Host}:{root.Port}";
        var url = new UriBuilder(root) { Path = labels[MetricsPath].Split('?')[0], Query = Query(job, labels) }.Uri;
        labels["instance"] = instance;
        var jobName = labels["job"];
        labels.RemoveAll(l => l.Key.StartsWith("__", StringComparison.Ordinal));
        var key = $"{url}\n{string.Join('\n', labels.Items.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"))}";
        labels.RemoveAll(l => l.Key is "job" or "instance");
        return new(url, jobName, instance, labels.Items, key);
    }

    /// <summary>The path's own query, then the job's parameters; a label <c>__param_x</c> replaces the first value of x.</summary>
    private static string Query(ScrapeJob job, LabelSet labels)
    {
        var parts = new List<string>();
        if (labels[MetricsPath].Split('?', 2) is [_, { Length: > 0 } own])
        {
            parts.Add(own);
        }

        var seen = new HashSet<string>();
        foreach (var (name, value) in job.Parameters)
        {
            parts.Add(Pair(name, seen.Add(name) ? labels[Parameter + name] : value));
        }

        parts.AddRange(labels.Items
            .Where(l => l.Key.StartsWith(Parameter, StringComparison.Ordinal) && seen.Add(l.Key[Parameter.Length..]))
            .Select(l => Pair(l.Key[Parameter.Length..], l.Value)));
        return string.Join('&', parts);

        static string Pair(string name, string value) => $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}";
    }
}
