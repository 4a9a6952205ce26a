using System.Net;
using Phoenix.Pipelines.Components;
using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Allow;

/// <summary>
/// Holds a configuration against the host owner's list. It goes by what is written and not by typed settings, so that it works
/// for a stock collector's components too; where it cannot tell what a value means it refuses, since a wrong yes cannot be
/// taken back.
/// </summary>
public sealed class AllowCheck
{
    // Keys whose values begin with a slash and name no file.
    private static readonly string[] NoFiles =
        ["metrics_path", "metrics_url_path", "traces_url_path", "logs_url_path", "profiles_url_path", "url_path", "regex", "replacement", "separator", "mount_points", "devices"];

    // Mappings whose values are the configuration's own words.
    private static readonly string[] FreeText = ["labels", "const_labels", "params", "headers", "attributes"];

    private static readonly string[] ListenersOnly = ["otlp", "prometheusremotewrite", "health_check", "zpages", "pprof"];

    // Set by the agent itself for the loopback link between a stock collector and Phoenix.
    private static readonly string[] Own = ["PHOENIX_LINK_ENDPOINT", "PHOENIX_STOCK_METRICS_PORT"];

    private readonly AllowList _list;
    private readonly Func<string, string?> _environment;
    private readonly bool _stock;
    private readonly List<ConfigurationIssue> _issues = [];

    private AllowCheck(AllowList list, Func<string, string?> environment, bool stock) => (_list, _environment, _stock) = (list, environment, stock);

    /// <summary>Everything in the configuration that the list does not allow; empty where it may run.</summary>
    /// <param name="environment">Looks a variable of this host up.</param>
    /// <param name="stock">Whether an OpenTelemetry Collector will read it, which knows components and providers that Phoenix does not.</param>
    public static IReadOnlyList<ConfigurationIssue> Run(AllowList list, string yaml, Func<string, string?> environment, bool stock)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(yaml);
        var check = new AllowCheck(list, environment, stock);
        var errors = new List<ConfigurationIssue>();
        if (YamlReader.Read(yaml, EnvironmentExpansion.Verbatim, errors) is not { Entries: not null } root || errors.Count > 0)
        {
            // What is read in two ways could be checked in one and run in the other.
            return errors.Count > 0 ? errors : [new(0, "(file)", "is no mapping", "write receivers, exporters and service")];
        }

        foreach (var entry in root.Entries)
        {
            check.Section(entry);
        }

        if (!stock && list.Listen is not null && CollectorConfiguration.Load(yaml, environment).Configuration is { } configuration)
        {
            check.Defaults(configuration);
        }

        return [.. check._issues.OrderBy(issue => issue.Line)];
    }

    private void Section(YamlEntry section)
    {
        foreach (var component in section.Value.Entries ?? [])
        {
            var type = component.Key.Split('/')[0];
            var key = $"{section.Key}.{component.Key}";
            if (AllowList.Sections.Contains(section.Key) && _list.Components.TryGetValue(section.Key, out var rule) && !rule.Allows(type))
            {
                Refuse(component.Line, key, $"{section.Key[..^1]} `{type}`", rule);
            }

            Walk(component.Value, new Place(section.Key, type, component.Key, component.Line, key));
        }

        if (section.Value.Entries is null)
        {
            Walk(section.Value, new Place(section.Key, "", section.Key, section.Line, section.Key));
        }
    }

    private void Walk(YamlNode node, Place place)
    {
        foreach (var entry in node.Entries ?? [])
        {
            Discovery(entry, place);
            Walk(entry.Value, place.Below(entry));
        }

        foreach (var item in node.Items ?? [])
        {
            Walk(item, place with { Line = item.Line });
        }

        if (node.Raw is { } raw)
        {
            Value(raw, place);
        }
    }

    private void Value(string raw, Place place)
    {
        Variables(raw, place);
        var (text, unresolved) = new EnvironmentExpansion(_environment).Expand(raw, place.Line, place.Path, []);
        if (unresolved)
        {
            // Validation reports the variable that is not set, and a stock collector puts nothing in its place.
            text = raw;
        }

        if (text.Length is 0 || FreeText.Contains(place.Parent) || place.Section is not ("receivers" or "processors" or "exporters" or "extensions" or "connectors" or "service"))
        {
            return;
        }

        if (IsFile(text, place))
        {
            File(text, place);
        }
        else if (text.Contains("://", StringComparison.Ordinal) ? place.Section != "processors" : IsAddressKey(place.Key))
        {
            Address(text, place);
        }
    }

    private void Variables(string raw, Place place)
    {
        for (var at = raw.IndexOf('$', StringComparison.Ordinal); at >= 0 && at + 1 < raw.Length; at = raw.IndexOf('$', at + 1))
        {
            if (raw[at + 1] == '$')
            {
                at++;
                continue;
            }

            if (raw[at + 1] != '{')
            {
                continue;
            }

            var end = raw.IndexOf('}', at);
            var reference = end < 0 ? raw[(at + 2)..] : raw[(at + 2)..end];
            var name = reference.StartsWith("env:", StringComparison.Ordinal) ? reference[4..] : reference;
            name = name.Split(":-")[0];
            if (name.Length is 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_'))
            {
                _issues.Add(new(place.Line, place.Path, $"`${{{reference}}}` cannot be held against the host owner's list", "use `${env:NAME}`, with nothing nested in it"));
            }
            else if (_list.Variables is { } rule && !Own.Contains(name) && !rule.Allows(name))
            {
                Refuse(place.Line, place.Path, $"variable {name}", rule);
            }
        }
    }

    private static bool IsFile(string text, Place place)
    {
        if (NoFiles.Contains(place.Key) || (place.Type is "health_check" && place.Key is "path"))
        {
            return false;
        }

        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var named = place.Key is "file" or "files" or "path" or "directory" or "dir" or "root_path"
            || place.Key.EndsWith("_file", StringComparison.Ordinal) || place.Key.EndsWith("_files", StringComparison.Ordinal)
            || place.Key.EndsWith("_directory", StringComparison.Ordinal) || place.Key.EndsWith("_dir", StringComparison.Ordinal)
            || place.Key.EndsWith("_path", StringComparison.Ordinal);
        return named ? place.Section != "processors" || place.Key != "path" : place.Section != "processors" && text.StartsWith('/');
    }

    private void File(string text, Place place)
    {
        if (_list.Paths is not { } rule)
        {
            return;
        }

        var path = text;
        foreach (var scheme in new[] { "file:", "unix:" })
        {
            path = path.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? path[scheme.Length..] : path;
        }

        path = path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path;
        // What leads out again through .. is taken for where it leads; a relative one has no place that could be told.
        var full = Path.IsPathRooted(path) ? Path.GetFullPath(path) : path.Split('/').Contains("..") ? null : path;
        if (full is null || !rule.AllowsPath(full))
        {
            Refuse(place.Line, place.Path, $"path `{text}`", rule);
        }
    }

    private static bool IsAddressKey(string key) =>
        key is "endpoint" or "endpoints" or "address" or "addresses" or "listen_address" or "host" or "hosts" or "hostname" or "server" or "servers" or "brokers"
            or "url" or "urls" or "uri" or "target" or "targets" or "proxy_url"
        || key.EndsWith("_endpoint", StringComparison.Ordinal) || key.EndsWith("_address", StringComparison.Ordinal) || key.EndsWith("_url", StringComparison.Ordinal);

    private void Address(string text, Place place)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var address = Authority(scheme < 0 ? text : text[(scheme + 3)..], scheme < 0 ? "" : text[..scheme]);
        var listens = place is { Section: "exporters", Type: "prometheus" } || place.Section is "service"
            || (place.Section is "receivers" or "extensions" && ListenersOnly.Contains(place.Type));
        var sends = place.Section is "exporters" && !listens || (place.Type is "prometheus" && place.Section is "receivers") || scheme >= 0 && !listens;
        List<AllowRule> rules = [];
        if (!sends && _list.Listen is { } listen)
        {
            rules.Add(listen);
        }

        if (!listens && _list.Destinations is { } destinations)
        {
            rules.Add(destinations);
        }

        if (rules.Count > 0 && !rules.Exists(rule => Names(address).Any(rule.Allows)))
        {
            Refuse(place.Line, place.Path, $"address `{text}`", rules[0]);
        }
    }

    /// <summary><c>host:port</c> of what stands behind a scheme; a port that is not said is that of the scheme, or <c>?</c>, which only <c>*</c> allows.</summary>
    private static string Authority(string text, string scheme)
    {
        var end = text.AsSpan().IndexOfAny('/', '?', '#');
        var authority = end < 0 ? text : text[..end];
        authority = authority[(authority.LastIndexOf('@') + 1)..].ToLowerInvariant();
        var colon = authority.LastIndexOf(':');
        var hasPort = colon >= 0 && colon > authority.LastIndexOf(']');
        var port = scheme switch { "http" => "80", "https" => "443", _ => "?" };
        return hasPort ? authority : $"{authority}:{port}";
    }

    /// <summary>The ways in which the owner may have written the address.</summary>
    private static IEnumerable<string> Names(string address)
    {
        yield return address;
        if (address.StartsWith(':'))
        {
            yield return "0.0.0.0" + address;
        }

        if (address.StartsWith("localhost:", StringComparison.Ordinal))
        {
            yield return "127.0.0.1" + address["localhost".Length..];
        }
        else if (address.StartsWith("127.0.0.1:", StringComparison.Ordinal))
        {
            yield return "localhost" + address["127.0.0.1".Length..];
        }
    }

    /// <summary>Scrape targets that are not written but found or made by rules could lead anywhere.</summary>
    private void Discovery(YamlEntry entry, Place place)
    {
        if (place is not { Section: "receivers", Type: "prometheus" or "prometheus_simple" } || _list.Destinations is not { AllowsAll: false } rule)
        {
            return;
        }

        var written = entry.Value.Raw ?? "";
        var problem = entry.Key switch
        {
            _ when entry.Key.EndsWith("_sd_configs", StringComparison.Ordinal) && entry.Key is not "file_sd_configs" => $"`{entry.Key}` finds targets that nobody can know before",
            "target_label" when written.Contains('$') || written is "__address__" => $"`target_label: {written}` can change where is scraped",
            "action" when written is "labelmap" && place.Path.Contains(".relabel_configs", StringComparison.Ordinal) => "`action: labelmap` can change where is scraped",
            "__address__" => "the label `__address__` changes where is scraped",
            "target_allocator" => "a target allocator hands out targets that nobody can know before",
            _ => null,
        };
        if (problem is not null)
        {
            _issues.Add(new(entry.Line, $"{place.Path}.{entry.Key}", $"{problem}, and the host owner's rule `{rule.Name}` (line {rule.Line}) bounds that to {string.Join(", ", rule.Patterns)}", "write the targets down"));
        }
    }

    private void Defaults(CollectorConfiguration configuration)
    {
        var listeners = configuration.Receivers.OfType<OtlpReceiverSettings>()
            .SelectMany(r => new[] { ($"receivers.{r.Id}.protocols.grpc.endpoint", r.Grpc?.Endpoint), ($"receivers.{r.Id}.protocols.http.endpoint", r.Http?.Endpoint) })
            .Concat(configuration.Receivers.OfType<RemoteWriteReceiverSettings>().Select(r => ($"receivers.{r.Id}.endpoint", (IPEndPoint?)r.Endpoint)))
            .Concat(configuration.Extensions.OfType<HealthCheckExtensionSettings>().Select(e => ($"extensions.{e.Id}.endpoint", (IPEndPoint?)e.Endpoint)))
            .Append(("service.telemetry.metrics", configuration.Telemetry.MetricsEndpoint));
        foreach (var (key, endpoint) in listeners)
        {
            if (endpoint is not null && !_issues.Exists(issue => issue.Key.StartsWith(key, StringComparison.Ordinal)) && !Names(endpoint.ToString()).Any(_list.Listen!.Allows))
            {
                Refuse(0, key, $"address `{endpoint}`", _list.Listen!);
            }
        }
    }

    private void Refuse(int line, string key, string what, AllowRule rule) =>
        _issues.Add(new(line, key, $"{what} is not allowed by the host owner: {rule.Describe()}", $"choose one that is allowed, or ask the owner of the host to add it{(_stock ? " (a stock collector's configuration is checked too)" : "")}"));

    /// <param name="Section">The top-level key.</param>
    /// <param name="Type">The component's type.</param>
    /// <param name="Key">The mapping key that is nearest.</param>
    private readonly record struct Place(string Section, string Type, string Key, int Line, string Path, string Parent = "")
    {
        public Place Below(YamlEntry entry) => this with { Key = entry.Key, Line = entry.Line, Path = $"{Path}.{entry.Key}", Parent = Key };
    }
}
