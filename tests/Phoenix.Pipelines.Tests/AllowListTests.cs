using Phoenix.Pipelines.Allow;

namespace Phoenix.Pipelines.Tests;

public sealed class AllowListTests
{
    private const string Configuration = """
        receivers:
          otlp:
            protocols:
              grpc:
                endpoint: 127.0.0.1:4317
          prometheus:
            config:
              scrape_configs:
                - job_name: shop
                  metrics_path: /metrics
                  static_configs:
                    - targets: ["shop:9100"]
                      labels: {zone: /eu/1}
        processors:
          batch: {}
        exporters:
          otlphttp:
            endpoint: https://backend.example.org/otlp
            headers: {authorization: "Bearer ${env:BACKEND_TOKEN}"}
            tls: {ca_file: /etc/ssl/ca.pem}
          debug: {}
        service:
          pipelines:
            metrics: {receivers: [otlp, prometheus], processors: [batch], exporters: [otlphttp, debug]}
        """;

    [Theory]
    [InlineData("receivers: [otlp, prometheus]\nexporters: [otlphttp, debug]\nprocessors: ['*']")]
    [InlineData("paths: [/etc/ssl/]\nlisten: ['127.0.0.1:*']\ndestinations: ['*.example.org:443', 'shop:9100']\nvariables: ['BACKEND_*']")]
    [InlineData("listen: ['localhost:4317']")]
    [InlineData("tasks: [preview]")]
    public void what_the_rules_allow_may_run(string list) => Check(list, Configuration).ShouldBeEmpty();

    [Theory]
    [InlineData("receivers: [prometheus]", 2, "receivers.otlp", "receiver `otlp`", "line 1")]
    [InlineData("tasks: [apply]\nexporters: [otlphttp]", 21, "exporters.debug", "exporter `debug`", "`exporters` (line 2) allows otlphttp")]
    [InlineData("processors: []", 15, "processors.batch", "processor `batch`", "allows none")]
    [InlineData("paths: [/var/lib/]", 20, "exporters.otlphttp.tls.ca_file", "path `/etc/ssl/ca.pem`", "paths")]
    [InlineData("listen: ['127.0.0.1:4318']", 5, "receivers.otlp.protocols.grpc.endpoint", "address `127.0.0.1:4317`", "listen")]
    [InlineData("destinations: ['backend.example.org:80', 'shop:*']", 18, "exporters.otlphttp.endpoint", "backend.example.org", "destinations")]
    [InlineData("destinations: ['backend.example.org:443']", 12, "receivers.prometheus.config.scrape_configs.static_configs.targets", "shop:9100", "destinations")]
    [InlineData("variables: [OTHER]", 19, "exporters.otlphttp.headers.authorization", "variable BACKEND_TOKEN", "variables")]
    public void what_they_do_not_is_named_with_line_key_and_rule(string list, int line, string key, string what, string rule)
    {
        var issue = Check(list, Configuration).ShouldHaveSingleItem();
        (issue.Line, issue.Key).ShouldBe((line, key));
        issue.Message.ShouldContain(what);
        issue.Message.ShouldContain(rule);
    }

    [Theory]
    [InlineData("paths: [/etc/ssl/]", "receivers: {hostmetrics: {root_path: /etc/ssl/../../root}}")]
    [InlineData("paths: [data/]", "exporters: {file: {path: data/../../x}}")]
    [InlineData("paths: [/a]", "exporters: {file: {path: out.json}}")]
    [InlineData("paths: [/a]", "exporters: {otlp: {endpoint: 'unix:///run/other.sock'}}")]
    [InlineData("paths: [/a]", "exporters: {unheard_of: {whatever: /etc/shadow}}")]
    [InlineData("paths: [/a]", "extensions: {file_storage: {directory: '${env:HERE}'}}")]
    [InlineData("destinations: ['good:*']", "exporters: {otlphttp: {endpoint: 'http://good:80@bad:80/'}}")]
    [InlineData("destinations: ['good:*']", "exporters: {otlphttp: {endpoint: 'http://bad/?good:80'}}")]
    [InlineData("destinations: ['good:*']", "exporters: {otlp: {endpoint: '${env:BAD}'}}")]
    [InlineData("destinations: ['good:*']", "exporters: {otlphttp: {endpoint: 'http://good', metrics_endpoint: 'http://bad/v1/metrics'}}")]
    [InlineData("destinations: ['good:*']", "exporters: {otlphttp: {endpoint: 'http://good', proxy_url: 'http://bad:3128'}}")]
    [InlineData("destinations: ['good:443']", "exporters: {otlp: {endpoint: good}}")]
    [InlineData("destinations: ['good:*']", "receivers: {prometheus: {config: {scrape_configs: [{kubernetes_sd_configs: [{role: pod}]}]}}}")]
    [InlineData("destinations: ['good:*']", "receivers: {prometheus: {config: {scrape_configs: [{relabel_configs: [{target_label: __address__, replacement: 'bad:1'}]}]}}}")]
    [InlineData("destinations: ['good:*']", "receivers: {prometheus: {config: {scrape_configs: [{relabel_configs: [{target_label: '__${1}', replacement: 'bad:1'}]}]}}}")]
    [InlineData("destinations: ['good:*']", "receivers: {prometheus: {config: {scrape_configs: [{relabel_configs: [{action: labelmap, regex: x(.+)}]}]}}}")]
    [InlineData("destinations: ['good:*']", "receivers: {prometheus: {config: {scrape_configs: [{static_configs: [{targets: ['good:1'], labels: {__address__: 'bad:1'}}]}]}}}")]
    [InlineData("listen: ['127.0.0.1:*']", "receivers: {otlp: {protocols: {http: {endpoint: '0.0.0.0:4318'}}}}")]
    [InlineData("listen: ['127.0.0.1:*']", "receivers: {otlp: {protocols: {http: {endpoint: ':4318'}}}}")]
    [InlineData("listen: ['127.0.0.1:*']", "exporters: {prometheus: {endpoint: '0.0.0.0:8889'}}")]
    [InlineData("variables: [A]", "x-shared: &a {t: '${env:B}'}\nexporters: {debug: *a}")]
    [InlineData("variables: [A]", "exporters: {debug: {t: '${env:A}${B:-x}'}}")]
    [InlineData("variables: ['*']", "exporters: {debug: {t: '${file:/etc/shadow}'}}")]
    [InlineData("variables: ['*']", "exporters: {debug: {t: '${env:${env:A}}'}}")]
    [InlineData("connectors: []", "connectors: {spanmetrics: {}}")]
    [InlineData("exporters: [debug]", "exporters: {<<: {otlp: {}}}")]
    [InlineData("exporters: [debug]", "exporters: {debug: {}, debug: {}}")]
    [InlineData("exporters: [debug]", "exporters: [")]
    [InlineData("exporters: [debug]", "just text")]
    public void ways_around_a_rule_are_refused(string list, string configuration) => Check(list, configuration, stock: true).ShouldNotBeEmpty();

    [Fact]
    public void an_address_that_is_only_the_default_is_held_against_the_list_too()
    {
        const string Default = "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}";
        Check("listen: ['127.0.0.1:4318']", Default).ShouldContain(issue => issue.Key == "receivers.otlp.protocols.grpc.endpoint");
        Check("listen: ['127.0.0.1:4317']", Default).Where(issue => issue.Key.StartsWith("receivers", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("{}", "no rule")]
    [InlineData("task: [apply]", "is unknown")]
    [InlineData("tasks: [aply]", "no kind of task")]
    [InlineData("tasks: apply", "must be a list")]
    [InlineData("listen: [localhost]", "names no port")]
    [InlineData("paths: [", "not valid YAML")]
    [InlineData("paths: [/a]\npaths: [/b]", "twice")]
    public void a_list_with_a_mistake_is_none(string list, string problem)
    {
        var (read, errors) = AllowList.Read(list);
        read.ShouldBeNull();
        errors[0].Message.ShouldContain(problem);
    }

    [Fact]
    public void kinds_of_tasks_are_bounded()
    {
        var list = AllowList.Read("tasks: [apply, preview]").List!;
        list.Refusal("apply").ShouldBeNull();
        list.Refusal("load")!.Message.ShouldContain("`tasks` (line 1) allows apply, preview");
        AllowList.Read("receivers: [otlp]").List!.Refusal("load").ShouldBeNull();
        AllowList.Read("tasks:").List!.Refusal("apply").ShouldNotBeNull("a rule without a value allows nothing");
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbbd", false)]
    [InlineData("*.example.org:*", "x.y.example.org:443", true)]
    [InlineData("*.example.org:*", "example.org:443", false)]
    [InlineData("a", "ab", false)]
    [InlineData("**a**", "bab", true)]
    public void a_star_is_any_run_of_characters(string pattern, string text, bool matches) => AllowRule.Matches(pattern, text).ShouldBe(matches);

    [Theory]
    [InlineData("/etc/ssl/", "/etc/ssl/certs/a.pem", true)]
    [InlineData("/etc/ssl/", "/etc/ssl", true)]
    [InlineData("/etc/ssl/", "/etc/sslx", false)]
    [InlineData("/etc/ssl", "/etc/ssl/a", false)]
    public void a_path_that_ends_in_a_slash_is_all_below(string pattern, string path, bool allowed) =>
        new AllowRule("paths", 1, [pattern]).AllowsPath(path).ShouldBe(allowed);

    private static IReadOnlyList<ConfigurationIssue> Check(string list, string configuration, bool stock = false)
    {
        var (read, errors) = AllowList.Read(list);
        read.ShouldNotBeNull(string.Join('\n', errors));
        return AllowCheck.Run(read, configuration, name => name is "BAD" ? "bad:1" : name is "HERE" ? "/etc" : name is "BACKEND_TOKEN" ? "x" : null, stock);
    }
}
