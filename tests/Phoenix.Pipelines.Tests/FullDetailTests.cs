namespace Phoenix.Pipelines.Tests;

public class FullDetailTests
{
    [Fact]
    public void reducers_are_taken_out_and_all_else_stays_as_written()
    {
        var full = FullDetail.Of("""
            receivers:
              otlp:
                protocols: { http: { endpoint: "${env:LISTEN}" } }
            processors:
              filter/noise:
                metrics: { exclude: { match_type: strict, metric_names: [noise] } }
              phoenix_topk:
                metrics: [shop.requests]
                labels: [customer]
                k: 5
              phoenix_aggregate/two:
                rules: []
            exporters:
              debug: {}
            service:
              pipelines:
                metrics: { receivers: [otlp], processors: [filter/noise, phoenix_topk, phoenix_aggregate/two], exporters: [debug] }
            """).ShouldNotBeNull();
        full.ShouldNotContain("phoenix_");
        full.ShouldContain("${env:LISTEN}");
        full.ShouldContain("filter/noise");
    }

    [Fact]
    public void processors_that_were_reducers_alone_leave_no_empty_section()
    {
        var full = FullDetail.Of("""
            receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:4318 } } } }
            processors: { phoenix_topk: { metrics: [shop.requests], labels: [customer], k: 5 } }
            exporters: { debug: {} }
            service: { pipelines: { metrics: { receivers: [otlp], processors: [phoenix_topk], exporters: [debug] } } }
            """).ShouldNotBeNull();
        var loaded = CollectorConfiguration.Load(full, environment: null);
        loaded.Errors.ShouldBeEmpty();
        loaded.Configuration.ShouldNotBeNull().Processors.ShouldBeEmpty();
    }

    [Fact]
    public void what_folds_nothing_has_its_full_detail_already() =>
        FullDetail.Of("receivers: {}\nprocessors: { batch: {} }\nservice: { pipelines: {} }\n").ShouldBeNull();
}
