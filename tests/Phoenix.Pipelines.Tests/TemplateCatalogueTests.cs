using System.Text.Json;
using CsCheck;
using Phoenix.Pipelines.Catalogue;
using Phoenix.Pipelines.Components;

namespace Phoenix.Pipelines.Tests;

public class TemplateCatalogueTests
{
    public static TheoryData<string> Names => [.. TemplateCatalogue.All.Select(t => t.Name)];

    public static TheoryData<string, string> Parameters =>
        [.. TemplateCatalogue.All.SelectMany(t => t.Parameters.Select(p => (t.Name, p.Name)))];

    /// <summary>Fills what is empty by default, so that every parameter has something to act on.</summary>
    private static readonly Dictionary<string, ParameterValue> Filled = new()
    {
        ["scrape_targets"] = new ParameterValue.Items(["localhost:9100"]),
        ["processes"] = new ParameterValue.Text("only"),
        ["process_names"] = new ParameterValue.Items(["postgres"]),
        ["backend"] = new ParameterValue.Text("http://backend:4318"),
        ["unused"] = new ParameterValue.Items(["go_*"]),
    };

    private static readonly Dictionary<string, ParameterValue> Others = new()
    {
        ["otlp_endpoint"] = new ParameterValue.Text("127.0.0.1:9999"),
        ["scrape_targets"] = new ParameterValue.Items(["localhost:9999"]),
        ["scrape_path"] = new ParameterValue.Text("/other"),
        ["backend"] = new ParameterValue.Text("https://other.example"),
        ["authorization"] = new ParameterValue.Text("Bearer ${env:OTHER}"),
    };

    private static RenderedTemplate Render(string template, Dictionary<string, ParameterValue> arguments) =>
        TemplateCatalogue.Find(template)!.Render(arguments);

    [Fact]
    public void the_catalogue_holds_what_a_person_looks_for() =>
        TemplateCatalogue.All.Select(t => t.Name).ShouldBe(
            ["adaptive-filter", "aggregated", "baseline", "hybrid", "kubernetes", "priority", "process-metrics", "topk"]);

    [Theory]
    [MemberData(nameof(Names))]
    public void every_template_starts_with_its_defaults(string name)
    {
        var rendered = Render(name, []);

        rendered.Issues.ShouldBeEmpty();
        var loaded = CollectorConfiguration.Load(rendered.Configuration!, _ => null);
        loaded.Errors.ShouldBeEmpty(rendered.Configuration);
        loaded.Warnings.ShouldBeEmpty();
        rendered.Arguments.Keys.ShouldBe(TemplateCatalogue.Find(name)!.Parameters.Select(p => p.Name));
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    public void every_parameter_changes_what_the_collector_does(string template, string name)
    {
        var parameter = TemplateCatalogue.Find(template)!.Parameters.Single(p => p.Name == name);
        var arguments = Filled.Where(f => TemplateCatalogue.Find(template)!.Parameters.Any(p => p.Name == f.Key)).ToDictionary();
        if (name == "series_budget")
        {
            arguments["goal"] = new ParameterValue.Text("budget");
        }

        var before = Loaded(template, arguments);
        arguments[name] = Other(parameter, arguments.GetValueOrDefault(name) ?? parameter.Default);
        var after = Loaded(template, arguments);

        Described(after).ShouldNotBe(Described(before), $"{name} of {template}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void every_recording_renders(string name)
    {
        foreach (var (recording, arguments) in TemplateCatalogue.Find(name)!.Recordings)
        {
            Render(name, arguments.ToDictionary()).Issues.ShouldBeEmpty(recording);
        }
    }

    [Fact]
    public void no_text_can_become_structure() =>
        Gen.String[Gen.Char[' ', '~'], 1, 30].Where(t => t.Trim().Length > 0).Sample(text =>
        {
            var rendered = Render("topk", new()
            {
                ["labels"] = new ParameterValue.Items([text]),
                ["other"] = new ParameterValue.Text(text),
                ["sum_gauges"] = new ParameterValue.Items([text]),
            });
            rendered.Issues.ShouldBeEmpty(text);
            var topK = CollectorConfiguration.Load(rendered.Configuration!, _ => null).Configuration!.Processors.ShouldHaveSingleItem().ShouldBeOfType<TopKProcessorSettings>();
            topK.Labels.ShouldBe([text]);
            topK.Other.ShouldBe(text);
            topK.Gauges.Keys.ShouldBe([text]);
        });

    [Fact]
    public void a_dropped_metric_is_dropped_by_its_name_alone()
    {
        var rendered = Render("priority", new()
        {
            ["unused"] = new ParameterValue.Items(["a.b*", "q\"uote\\"]),
            ["critical"] = new ParameterValue.Items(["a.bc"]),
        });

        rendered.Issues.ShouldBeEmpty();
        CollectorConfiguration.Load(rendered.Configuration!, _ => null).Configuration!.Processors[0].ShouldBeOfType<FilterProcessorSettings>()
            .MetricConditions.ShouldHaveSingleItem().ShouldBe("""IsMatch(metric.name, "^(a\\.b.*|q\"uote\\\\)$") and not IsMatch(metric.name, "^(a\\.bc)$")""");
    }

    [Fact]
    public void only_a_parameter_that_says_so_takes_variables_of_the_host()
    {
        var rendered = Render("topk", new()
        {
            ["other"] = new ParameterValue.Text("${env:SECRET}"),
            ["backend"] = new ParameterValue.Text("${env:BACKEND}"),
        });

        var configuration = CollectorConfiguration.Load(rendered.Configuration!, name => name == "BACKEND" ? "http://there:1" : "leaked").Configuration!;
        configuration.Processors[0].ShouldBeOfType<TopKProcessorSettings>().Other.ShouldBe("${env:SECRET}");
        configuration.Exporters[0].ShouldBeOfType<OtlpHttpExporterSettings>().MetricsUrl.Host.ShouldBe("there");
    }

    [Fact]
    public void the_same_input_parameters_make_arms_that_can_be_compared() =>
        Loaded("priority", Filled).SourceHash.ShouldBe(Loaded("baseline", Filled.Where(f => f.Key != "unused").ToDictionary()).SourceHash);

    public static TheoryData<string, string, string, string> Wrong => new()
    {
        // parameter, JSON, part of the message, part of the remedy
        { "k", "0", "0 is out of range", "1 to 1000000 groups" },
        { "k", "\"many\"", "must be a whole number, but is a text", "whole number" },
        { "k", "1.5", "must be a whole number", "whole number" },
        { "enter", "2", "out of range", "0.01 to 1" },
        { "window", "\"5\"", "`5` is no duration", "10s" },
        { "window", "\"25h\"", "out of range", "1s to 24h" },
        { "by", "\"rates\"", "not one of rate, value", "did you mean `rate`?" },
        { "labels", "[]", "has 0 items", "1 to 50" },
        { "labels", "[\"a\",\"a\"]", "lists `a` 2 times", "once" },
        { "labels", "[\" \"]", "empty text", "leave it out" },
        { "labels", "\"customer\"", "must be a list of texts, but is a text", "list of texts" },
        { "labels", "[\"host.id\"]", "across hosts", "remove host.id" },
        { "other", "\"a\\nb\"", "control character", "one line" },
        { "scrape_targets", "[\"http://a:1\"]", "is no host:port", "localhost:9100" },
        { "otlp_endpoint", "\"nowhere\"", "no address:port", "0.0.0.0:4318" },
        { "otlp_endpoint", "\"a b\"", "is no address and port", "127.0.0.1:4318" },
        { "backend", "\"backend:4318\"", "is no URL", "https://otlp.example.org" },
        { "authorization", "\"Bearer abc\"", "is no text that takes its secret from the host", "${env:BACKEND_TOKEN}" },
        { "host_scrapers", "[\"cpus\"]", "not one of cpu", "did you mean `cpu`?" },
        { "kk", "1", "is no parameter of topk", "did you mean `k`?" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void a_wrong_value_names_parameter_bound_and_remedy(string parameter, string json, string message, string remedy)
    {
        using var document = JsonDocument.Parse(json);
        var rendered = Render("topk", new() { [parameter] = ParameterValue.Of(document.RootElement).ShouldNotBeNull() });

        rendered.Configuration.ShouldBeNull();
        var issue = rendered.Issues.ShouldHaveSingleItem();
        issue.Parameter.ShouldBe(parameter);
        issue.Message.ShouldContain(message);
        issue.Remedy.ShouldContain(remedy);
    }

    [Fact]
    public void a_pipeline_that_would_receive_nothing_says_what_to_give()
    {
        var issue = Render("topk", new()
        {
            ["otlp_endpoint"] = new ParameterValue.Text(""),
            ["host_scrapers"] = new ParameterValue.Items([]),
        }).Issues.ShouldHaveSingleItem();
        issue.Message.ShouldContain("receive nothing");
        issue.Remedy.ShouldContain("scrape_targets");
    }

    [Fact]
    public void a_gauge_with_two_functions_names_both_parameters()
    {
        var issue = Render("topk", new()
        {
            ["sum_gauges"] = new ParameterValue.Items(["queue"]),
            ["max_gauges"] = new ParameterValue.Items(["queue"]),
        }).Issues.ShouldHaveSingleItem();
        issue.Parameter.ShouldBe("sum_gauges, max_gauges");
        issue.Message.ShouldContain("given twice");
    }

    [Theory]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("null")]
    public void what_no_parameter_can_hold_is_no_value(string json)
    {
        using var document = JsonDocument.Parse(json);
        ParameterValue.Of(document.RootElement).ShouldBeNull();
    }

    [Fact]
    public void a_value_leaves_and_returns_as_the_same_json()
    {
        foreach (var parameter in TemplateCatalogue.All.SelectMany(t => t.Parameters))
        {
            using var document = JsonDocument.Parse(parameter.Default.ToJson().ToJsonString());
            parameter.Check(ParameterValue.Of(document.RootElement).ShouldNotBeNull(parameter.Name)).ShouldBeNull(parameter.Name);
        }
    }

    private static CollectorConfiguration Loaded(string template, Dictionary<string, ParameterValue> arguments)
    {
        var rendered = Render(template, arguments);
        rendered.Issues.ShouldBeEmpty(template);
        var loaded = CollectorConfiguration.Load(rendered.Configuration!, _ => "x");
        loaded.Errors.ShouldBeEmpty(rendered.Configuration);
        return loaded.Configuration!;
    }

    /// <summary>Everything a collector is built from, but not the text that it was read from.</summary>
    private static string Described(CollectorConfiguration configuration) => JsonSerializer.Serialize(new
    {
        configuration.SourceSection,
        configuration.SinkSection,
        Processors = configuration.Processors.Select(p => (object)p),
    });

    private static ParameterValue Other(TemplateParameter parameter, ParameterValue now) =>
        Others.GetValueOrDefault(parameter.Name) ?? (parameter.Type, now) switch
        {
            (ParameterType.Integer, ParameterValue.Whole whole) => new ParameterValue.Whole(whole.Value + 1),
            (ParameterType.Number, _) => new ParameterValue.Real((parameter.Minimum + parameter.Maximum) / 2),
            (ParameterType.Duration, _) => new ParameterValue.Text("17s"),
            (ParameterType.Enum, _) => new ParameterValue.Text(parameter.Allowed.First(a => a != now.ToString() && a != "none" || parameter.Name == "compression" && a == "none")),
            (ParameterType.List or ParameterType.Metrics, _) when parameter.Allowed.Count > 0 => new ParameterValue.Items([parameter.Allowed[^1]]),
            (ParameterType.List or ParameterType.Metrics, _) => new ParameterValue.Items(["something.else"]),
            _ => new ParameterValue.Text("something else"),
        };
}
