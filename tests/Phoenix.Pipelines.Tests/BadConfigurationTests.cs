namespace Phoenix.Pipelines.Tests;

public class BadConfigurationTests
{
    private const string Rest = """
        exporters:
          nop:
        service:
          pipelines:
            metrics: {receivers: [hostmetrics], exporters: [nop]}
        """;

    private const string Host = """
        receivers:
          hostmetrics: {scrapers: {cpu: {}}}

        """;

    private static string Exporter(string exporter) => Rest.Replace("nop:", exporter, StringComparison.Ordinal).Replace("[nop]", $"[{exporter.Split(':')[0]}]", StringComparison.Ordinal);

    public static TheoryData<string, string, int, string, string, string> Cases => new()
    {
        // what, yaml, line, key, part of the message, part of the remedy
        { "unknown key", "receivers:\n  hostmetrics:\n    colection_interval: 5s\n    scrapers: {cpu: {}}\n" + Rest, 3, "receivers.hostmetrics.colection_interval", "is unknown", "did you mean `collection_interval`?" },
        { "unknown top-level key", Host + "processor:\n" + Rest, 3, "processor", "is unknown", "did you mean `processors`?" },
        { "bad duration", "receivers:\n  hostmetrics:\n    collection_interval: 5\n    scrapers: {cpu: {}}\n" + Rest, 3, "receivers.hostmetrics.collection_interval", "`5` is no duration", "such as 500ms" },
        { "duration out of range", "receivers:\n  hostmetrics:\n    collection_interval: 1ms\n    scrapers: {cpu: {}}\n" + Rest, 3, "receivers.hostmetrics.collection_interval", "out of range", "100ms to 1h" },
        { "unknown scraper", "receivers:\n  hostmetrics:\n    scrapers:\n      proces: {}\n" + Rest, 4, "receivers.hostmetrics.scrapers.proces", "no such scraper", "did you mean `process`?" },
        { "bad regular expression", "receivers:\n  hostmetrics:\n    scrapers:\n      process:\n        include:\n          match_type: regexp\n          names: ['(']\n" + Rest, 7, "receivers.hostmetrics.scrapers.process.include.names", "no usable regular expression", "strict" },
        { "list where a mapping belongs", "receivers:\n  - hostmetrics\n" + Rest, 2, "receivers", "must be a mapping, but is a list", "key: value" },
        { "unknown component type", "receivers:\n  hostmetric:\n" + Rest, 2, "receivers.hostmetric", "no receiver of type `hostmetric`", "did you mean `hostmetrics`?" },
        { "duplicate key", "receivers:\n  hostmetrics: {scrapers: {cpu: {}}}\n  hostmetrics: {scrapers: {cpu: {}}}\n" + Rest, 3, "receivers.hostmetrics", "given twice, first on line 2", "keep one" },
        { "undefined component", Host + Rest.Replace("[nop]", "[nopp]"), 7, "service.pipelines.metrics.exporters", "`nopp` is not defined", "did you mean `nop`?" },
        { "logs pipeline", Host + Rest + "\n    logs: {receivers: [hostmetrics], exporters: [nop]}\n", 8, "service.pipelines.logs", "metrics only", "collector beside" },
        { "second pipeline", Host + Rest + "\n    metrics/b: {receivers: [hostmetrics], exporters: [nop]}\n", 8, "service.pipelines.metrics/b", "second metrics pipeline", "merge" },
        { "pipeline without receivers", Host + Rest.Replace("receivers: [hostmetrics], ", ""), 7, "service.pipelines.metrics.receivers", "names no receiver", "at least one" },
        { "no service", Host, 1, "service", "is missing", "pipelines" },
        { "unknown extension", "extensions:\n  healthcheck:\n" + Host + Rest, 2, "extensions.healthcheck", "no extension of type", "did you mean `health_check`?" },
        { "undefined extension", Host + Rest + "\n  extensions: [health_check]\n", 8, "service.extensions", "is not defined", "define it" },
        { "otlp without an endpoint", Host + Exporter("otlp: {}"), 4, "exporters.otlp.endpoint", "is missing", "4317" },
        { "otlp with a path", Host + Exporter("otlp: {endpoint: \"http://b:4317/v1\"}"), 4, "exporters.otlp.endpoint", "is no host:port", "without a path" },
        { "client certificate without key", Host + Exporter("otlp:\n    endpoint: b:4317\n    tls:\n      cert_file: a.pem"), 7, "exporters.otlp.tls.cert_file", "needs key_file", "add key_file" },
        { "queue switched off", Host + Exporter("otlp:\n    endpoint: b:4317\n    sending_queue: {enabled: false}"), 6, "exporters.otlp.sending_queue.enabled", "cannot be switched off", "queue_size" },
        { "header of its own", Host + Exporter("otlp:\n    endpoint: b:4317\n    headers: {te: x}"), 6, "exporters.otlp.headers", "set by the exporter itself", "remove" },
        { "batch max below size", Host + "processors:\n  batch:\n    send_batch_max_size: 5\n" + Rest, 5, "processors.batch.send_batch_max_size", "smaller than send_batch_size", "at least" },
        { "attribute action", Host + "processors:\n  attributes:\n    actions:\n      - {key: a, action: remove}\n" + Rest, 6, "processors.attributes.actions[0].action", "not one of insert", "known here" },
        { "insert without value", Host + "processors:\n  resource:\n    attributes:\n      - {key: a, action: insert}\n" + Rest, 6, "processors.resource.attributes[0].value", "is missing", "from_attribute" },
        { "extract without groups", Host + "processors:\n  attributes:\n    actions:\n      - {key: a, action: extract, pattern: 'a(.*)'}\n" + Rest, 6, "processors.attributes.actions[0].pattern", "no named group", "(?P<name>" },
        { "no actions", Host + "processors:\n  attributes:\n    actions: []\n" + Rest, 5, "processors.attributes.actions", "names no action", "key" },
        { "batch before another", Host + "processors:\n  batch:\n  resource: {attributes: [{key: a, action: delete}]}\n" + Rest.Replace("exporters: [nop]", "processors: [batch, resource], exporters: [nop]", StringComparison.Ordinal), 10, "service.pipelines.metrics.processors", "not the last processor", "list it last" },
        { "remote write without endpoint", Host + Exporter("prometheusremotewrite: {}"), 4, "exporters.prometheusremotewrite.endpoint", "is missing", "api/v1/write" },
        { "external label", Host + Exporter("prometheusremotewrite:\n    endpoint: http://b/api/v1/write\n    external_labels: {a-b: c}"), 6, "exporters.prometheusremotewrite.external_labels", "no label name", "letters" },
        { "two consumers of remote write", Host + Exporter("prometheusremotewrite:\n    endpoint: http://b/api/v1/write\n    remote_write_queue: {num_consumers: 5}"), 6, "exporters.prometheusremotewrite.remote_write_queue.num_consumers", "out of range", "1 to 1" },
        { "file as text", Host + Exporter("file:\n    path: /tmp/a\n    format: text"), 6, "exporters.file.format", "not one of json, proto", "known here" },
        { "tls of an exporter without a key", Host + Exporter("prometheus:\n    endpoint: localhost:8889\n    tls: {cert_file: a.pem}"), 6, "exporters.prometheus.tls.key_file", "is missing", "private key" },
        { "memory without limit", Host + "processors:\n  memory_limiter:\n    check_interval: 1s\n" + Rest, 4, "processors.memory_limiter.limit_mib", "is missing", "limit_percentage" },
        { "spike above limit", Host + "processors:\n  memory_limiter:\n    limit_mib: 100\n    spike_limit_mib: 100\n" + Rest, 6, "processors.memory_limiter.spike_limit_mib", "everything would be refused", "a fifth" },
        { "no protocol", "receivers:\n  otlp:\n    protocols: {}\n" + Rest.Replace("hostmetrics", "otlp"), 3, "receivers.otlp.protocols", "names no protocol", "grpc" },
        { "both protocols on one address", "receivers:\n  otlp:\n    protocols:\n      grpc: {endpoint: \"localhost:4318\"}\n      http:\n" + Rest.Replace("hostmetrics", "otlp"), 5, "receivers.otlp.protocols.http", "same address", "port of its own" },
        { "tls without a key", "receivers:\n  otlp:\n    protocols:\n      grpc:\n        tls: {cert_file: a.pem}\n" + Rest.Replace("hostmetrics", "otlp"), 5, "receivers.otlp.protocols.grpc.tls.key_file", "is missing", "private key" },
        { "otlp endpoint", "receivers:\n  otlp:\n    protocols:\n      http: {endpoint: nowhere}\n" + Rest.Replace("hostmetrics", "otlp"), 4, "receivers.otlp.protocols.http.endpoint", "no address:port", "0.0.0.0:4318" },
        { "scrape target with a path", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs:\n            - targets: ['http://a:1/metrics']\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].static_configs[0].targets", "no host:port", "without scheme" },
        { "timeout over interval", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          scrape_interval: 5s\n          scrape_timeout: 6s\n          static_configs: [{targets: ['a:1']}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].scrape_timeout", "longer than the scrape_interval", "at most the interval" },
        { "service discovery", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          kubernetes_sd_configs: []\n          static_configs: [{targets: ['a:1']}]\n" + Rest.Replace("hostmetrics", "prometheus"), 6, "receivers.prometheus.config.scrape_configs[0].kubernetes_sd_configs", "is unknown", "known here" },
        { "relabel action", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          relabel_configs: [{action: keeep}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].relabel_configs[0].action", "not one of", "did you mean `keep`?" },
        { "hashmod without modulus", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          relabel_configs: [{action: hashmod, source_labels: [a], target_label: b}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].relabel_configs[0].modulus", "is missing", "shards" },
        { "relabelling that needs backtracking", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          metric_relabel_configs: [{action: drop, regex: '(?!x).*'}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].metric_relabel_configs[0].regex", "no usable regular expression", "RE2" },
        { "relabelling without a target", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          relabel_configs: [{source_labels: [a]}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].relabel_configs[0].target_label", "is missing", "name the label" },
        { "two ways to authenticate", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          bearer_token: a\n          basic_auth: {username: u, password: p}\n" + Rest.Replace("hostmetrics", "prometheus"), 8, "receivers.prometheus.config.scrape_configs[0].basic_auth", "another way", "keep one" },
        { "size", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          body_size_limit: 10Mb\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].body_size_limit", "no size", "10MB" },
        { "files of targets", "receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          static_configs: [{targets: ['a:1']}]\n          file_sd_configs: [{files: [targets.txt]}]\n" + Rest.Replace("hostmetrics", "prometheus"), 7, "receivers.prometheus.config.scrape_configs[0].file_sd_configs[0].files", ".json", "files of targets" },
        { "unknown host metric", "receivers:\n  hostmetrics:\n    scrapers:\n      cpu:\n        metrics: {system.cpu.tim: {enabled: false}}\n" + Rest, 5, "receivers.hostmetrics.scrapers.cpu.metrics.system.cpu.tim", "is unknown", "did you mean `system.cpu.time`?" },
        { "type of a remote write metric", "receivers:\n  prometheusremotewrite:\n    metric_types: [{metrics: [a], type: summary}]\n" + Rest.Replace("hostmetrics", "prometheusremotewrite"), 3, "receivers.prometheusremotewrite.metric_types[0].type", "not one of counter, gauge", "known here" },
        { "k missing", Host + "processors:\n  phoenix_topk:\n    metrics: [a]\n    labels: [b]\n" + Rest, 4, "processors.phoenix_topk.k", "is missing", "k: 10" },
        { "k no number", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: many}\n" + Rest, 4, "processors.phoenix_topk.k", "`many` is no whole number", "from 1" },
        { "other without a name", Host + "processors:\n  phoenix_topk:\n    metrics: [a]\n    labels: [b]\n    k: 1\n    other: \"\"\n" + Rest, 8, "processors.phoenix_topk.other", "is empty", "__other__" },
        { "protected without a name", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, protected: [\"\"]}\n" + Rest, 4, "processors.phoenix_topk.protected", "empty text", "metric name" },
        { "gauge without a name", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, gauges: {\"\": sum}}\n" + Rest, 4, "processors.phoenix_topk.gauges.", "names no metric", "metric name" },
        { "label twice", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b, c, b], k: 1}\n" + Rest, 4, "processors.phoenix_topk.labels", "`b` is listed 2 times", "once" },
        { "no labels", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [], k: 1}\n" + Rest, 4, "processors.phoenix_topk.labels", "is empty", "[customer]" },
        { "no metrics", Host + "processors:\n  phoenix_topk: {metrics: [], labels: [b], k: 1}\n" + Rest, 4, "processors.phoenix_topk.metrics", "is empty", "http.server" },
        { "condition on no metric", Host + "processors:\n  filter:\n    metrics:\n      datapoint: ['metric.name == \"\" and attributes[\"a\"] == \"b\"']\n" + Rest, 6, "processors.filter.metrics.datapoint", "empty", "correct the condition" },
        { "no rules", Host + "processors:\n  phoenix_aggregate: {}\n" + Rest, 4, "processors.phoenix_aggregate.rules", "names no rule", "drop: [customer]" },
        { "rule without metrics", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - drop: [a]\n" + Rest, 6, "processors.phoenix_aggregate.rules[0].metrics", "is missing", "http.server" },
        { "rule without labels", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - metrics: [a]\n" + Rest, 6, "processors.phoenix_aggregate.rules[0].drop", "is missing", "[customer]" },
        { "rule drops and keeps", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - metrics: [a]\n      drop: [b]\n      keep: [c]\n" + Rest, 8, "processors.phoenix_aggregate.rules[0].keep", "beside drop", "either" },
        { "rule over hosts", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - metrics: [a]\n      drop: [host.id]\n" + Rest, 7, "processors.phoenix_aggregate.rules[0].drop", "across hosts", "gateway: true" },
        { "rule of no type", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - metrics: [a]\n      drop: [b]\n      types: [guage]\n" + Rest, 8, "processors.phoenix_aggregate.rules[0].types", "`guage` is not one of", "did you mean `gauge`?" },
        { "rule with a bad expression", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - regex: ['a(?=b)']\n      drop: [b]\n" + Rest, 4, "processors.phoenix_aggregate", "no regular expression that can be used", "correct" },
        { "rule with a bad condition", Host + "processors:\n  phoenix_aggregate:\n    rules:\n    - metrics: [a]\n      where: [nonsense]\n      drop: [b]\n" + Rest, 4, "processors.phoenix_aggregate", "nonsense", "correct" },
        { "fold over hosts", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [host.id], k: 1}\n" + Rest, 4, "processors.phoenix_topk.labels", "across hosts", "remove host.id" },
        { "fold over host names", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b, host.name], k: 1}\n" + Rest, 4, "processors.phoenix_topk.labels", "across hosts", "remove host.name" },
        { "unknown ranking", Host + "processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, by: rates}\n" + Rest, 4, "processors.phoenix_topk.by", "not one of rate, value", "did you mean `rate`?" },
        { "gauge function", Host + "processors:\n  phoenix_topk:\n    metrics: [a]\n    labels: [b]\n    k: 1\n    gauges:\n      temp: last\n" + Rest, 9, "processors.phoenix_topk.gauges.temp", "`last` is not one of", "known here" },
        { "text for a list", Host + "processors:\n  phoenix_topk: {metrics: a, labels: [b], k: 1}\n" + Rest, 4, "processors.phoenix_topk.metrics", "must be a list, but is a single value", "- item" },
        { "exporter without endpoint", Host + Rest.Replace("  nop:", "  otlphttp: {timeout: 1s}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.endpoint", "is missing", "base URL" },
        { "exporter endpoint without scheme", Host + Rest.Replace("  nop:", "  otlphttp: {endpoint: \"localhost:4318\"}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.endpoint", "no http or https URL", "with its scheme" },
        { "compression", Host + Rest.Replace("  nop:", "  otlphttp: {endpoint: \"http://a\", compression: brotli-of-the-future}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.compression", "not one of gzip, zstd, none", "known here" },
        { "variable not set", Host + Rest.Replace("  nop:", "  otlphttp: {endpoint: \"${env:NOWHERE}\"}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.endpoint", "NOWHERE is not set", "${env:NOWHERE:-default}" },
        { "other provider", Host + Rest.Replace("  nop:", "  otlphttp: {endpoint: \"${file:/etc/passwd}\"}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.endpoint", "no reference to an environment variable", "${env:NAME}" },
        { "header with a line break", Host + Rest.Replace("  nop:", "  otlphttp: {endpoint: \"http://a\", headers: {a: \"b\\r\\nc: d\"}}").Replace("[nop]", "[otlphttp]"), 4, "exporters.otlphttp.headers", "HTTP does not allow", "line breaks" },
        { "no YAML", "a: b: c", 1, "(file)", "not valid YAML", "correct the YAML" },
        { "empty file", "", 0, "(file)", "is empty", "receivers" },
        { "unknown alias", "receivers: *nothing\n", 1, "(file)", "has no anchor", "correct" },
        { "two documents", Host + Rest + "\n---\na: b\n", 8, "(file)", "more than one YAML document", "keep one" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void each_error_names_line_key_and_remedy(string what, string yaml, int line, string key, string message, string remedy)
    {
        var loaded = CollectorConfiguration.Load(yaml, _ => null);

        loaded.Configuration.ShouldBeNull(what);
        var error = loaded.Errors.FirstOrDefault(e => e.Key == key && e.Message.Contains(message, StringComparison.Ordinal));
        error.ShouldNotBeNull($"{what}: {string.Join("\n", loaded.Errors)}");
        error.Line.ShouldBe(line, what);
        error.Remedy.ShouldContain(remedy);
    }

    [Theory]
    [InlineData("processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: \"${env:SECRET}\"}\n", Rest)]
    [InlineData("processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, window: \"${env:SECRET}\"}\n", Rest)]
    [InlineData("processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, by: \"${env:SECRET}\"}\n", Rest)]
    [InlineData("processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, hysteresis: {enter: \"${env:SECRET}\"} }\n", Rest)]
    [InlineData("processors:\n  phoenix_topk: {metrics: [a], labels: [b], k: 1, gauges: {t: \"${env:SECRET}\"} }\n", Rest)]
    [InlineData("processors:\n  filter: {metrics: {datapoint: [\"${env:SECRET}\"]} }\n", Rest)]
    [InlineData("exporters:\n  otlphttp: {endpoint: \"${env:SECRET}\"}\nservice:\n  pipelines:\n    metrics: {receivers: [hostmetrics], exporters: [otlphttp]}\n", "")]
    [InlineData("exporters:\n  otlphttp: {endpoint: \"http://a\", retry_on_failure: {enabled: \"${env:SECRET}\"} }\n  nop:\nservice:\n  pipelines:\n    metrics: {receivers: [hostmetrics], exporters: [nop]}\n", "")]
    [InlineData("exporters:\n  nop:\nservice:\n  extensions: [\"${env:SECRET}\"]\n  pipelines:\n    metrics: {receivers: [hostmetrics, \"${env:SECRET}\"], exporters: [nop]}\n", "")]
    public void no_error_tells_what_a_variable_of_the_host_holds(string yaml, string rest)
    {
        const string secret = "(s3cret";

        var loaded = CollectorConfiguration.Load(Host + yaml + rest, name => name == "SECRET" ? secret : null);

        loaded.Errors.ShouldNotBeEmpty();
        loaded.Errors.ShouldAllBe(e => !e.ToString().Contains("s3cret", StringComparison.Ordinal));
        loaded.Errors.ShouldContain(e => e.Message.Contains("${env:SECRET}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("job_name: a\n          scrape_timeout: \"${env:SECRET}\"\n          static_configs: [{targets: ['a:1']}]")]
    [InlineData("job_name: a\n          metrics_path: \"${env:SECRET}\"\n          static_configs: [{targets: ['a:1']}]")]
    [InlineData("job_name: a\n          body_size_limit: \"${env:SECRET}\"\n          static_configs: [{targets: ['a:1']}]")]
    [InlineData("job_name: a\n          static_configs: [{targets: ['${env:SECRET}/']}]")]
    [InlineData("job_name: \"${env:SECRET}\"\n          static_configs: [{targets: ['a:1']}]\n        - job_name: \"${env:SECRET}\"\n          static_configs: [{targets: ['a:1']}]")]
    public void no_error_of_a_scrape_job_tells_what_a_variable_of_the_host_holds(string job)
    {
        var yaml = $"receivers:\n  prometheus:\n    config:\n      scrape_configs:\n        - {job}\n" + Rest.Replace("hostmetrics", "prometheus");

        var loaded = CollectorConfiguration.Load(yaml, name => name == "SECRET" ? "12345678901234567890" : null);

        loaded.Errors.ShouldNotBeEmpty();
        loaded.Errors.ShouldAllBe(e => !e.ToString().Contains("1234567890", StringComparison.Ordinal));
        loaded.Errors.ShouldContain(e => e.Message.Contains("${env:SECRET}", StringComparison.Ordinal));
    }

    [Fact]
    public void no_error_of_a_process_pattern_tells_what_a_variable_of_the_host_holds()
    {
        var yaml = "receivers:\n  hostmetrics:\n    scrapers:\n      process: {include: {match_type: regexp, names: ['${env:SECRET}']} }\n" + Rest;

        var error = CollectorConfiguration.Load(yaml, _ => "(s3cret").Errors.ShouldHaveSingleItem();

        error.ToString().ShouldNotContain("s3cret");
        error.Message.ShouldContain("${env:SECRET}");
    }

    [Fact]
    public void one_pass_reports_every_error_in_the_order_of_the_file()
    {
        var loaded = CollectorConfiguration.Load("receivers:\n  hostmetrics:\n    a: 1\n    scrapers: {cpu: {}}\n    b: 2\n" + Rest, _ => null);

        loaded.Errors.Select(e => (e.Line, e.Key)).ShouldBe([(3, "receivers.hostmetrics.a"), (5, "receivers.hostmetrics.b")]);
    }

    [Fact]
    public void an_alias_bomb_is_refused_quickly()
    {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
        for (var i = 1; i < 12; i++)
        {
            yaml += $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n";
        }

        CollectorConfiguration.Load(yaml, _ => null).Errors[0].Message.ShouldContain("aliases");
    }

    [Fact]
    public void endless_nesting_is_refused() =>
        CollectorConfiguration.Load(new string('[', 100_000), _ => null).Errors[0].Message.ShouldContain("nested deeper");

    [Fact]
    public void a_list_that_breaks_off_within_a_value_is_refused() =>
        CollectorConfiguration.Load("a: [b\npk]\n      c:\n", _ => null).Errors.ShouldNotBeEmpty();

    [Fact]
    public void what_makes_the_scanner_give_up_is_refused()
    {
        const string Found =
            "receivers:\n  otlp:\n    protoc    http:\n        endpoint: 127.0.0.1:4318\nprocessors:\n  phoen\nix_topk:orters:\n  debug:\nservice:\n"
            + "  pipelinesetrics:\n      receivers: [otlp]\n      processors: [phoenix_tto\npk]\n      exporters: [debug]\n";

        CollectorConfiguration.Load(Found, _ => null).Errors.ShouldNotBeEmpty();
    }

    [Fact]
    public void a_tag_that_is_no_uri_is_refused() =>
        CollectorConfiguration.Load("!<:> a\n", _ => null).Errors.ShouldHaveSingleItem().Message.ShouldContain("tags");

    [Fact]
    public void an_anchor_that_holds_itself_is_refused() =>
        CollectorConfiguration.Load("a: &a [*a]\n", _ => null).Errors[0].Message.ShouldContain("has no anchor");
}
