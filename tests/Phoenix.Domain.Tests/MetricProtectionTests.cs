using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Tests;

public sealed class MetricProtectionTests
{
    static MetricProtection Protecting(params string[] patterns) => new() { Patterns = [.. patterns.Select(p => new ProtectedMetric(p, ""))] };

    [Fact]
    public void a_start_takes_what_the_organisation_protects_then_beyond_the_experiments_own()
    {
        var draft = Given.Experiment(Given.Draft(protectedMetrics: ["up", "own"]));
        var started = ExperimentDecisions.Start(draft, Given.NothingLive, Given.Now, Protecting("slo.*", "up")).Events.OfType<ExperimentStarted>().ShouldHaveSingleItem();
        started.AlsoProtected.ShouldBe(["slo.*"]);

        var x = draft.And(started);
        x.ProtectedMetrics.ShouldBe(["up", "own"], "a clone begins with what its author wrote");
        ExperimentTasks.For(x, ["h1"]).ShouldHaveSingleItem().Task.Desired.Measurement!.ProtectedMetrics.ShouldBe(["up", "own", "slo.*"]);
        // Asked again after an extension, by the same list.
        x = x.And(new VariantsApplied(["h1"]), new WarmUpEnded(), new ExperimentExtended(TimeSpan.FromMinutes(1), Given.Now.AddHours(2), 1));
        ExperimentTasks.For(x, ["h1"]).ShouldHaveSingleItem().Task.Desired.Measurement!.ProtectedMetrics.ShouldBe(["up", "own", "slo.*"]);
    }

    [Fact]
    public void a_start_that_adds_nothing_says_nothing()
    {
        var draft = Given.Experiment(Given.Draft());
        ExperimentDecisions.Start(draft, Given.NothingLive, Given.Now, Protecting("up")).Events.OfType<ExperimentStarted>().Single().AlsoProtected.ShouldBeNull();
        // As an event of an earlier version.
        draft.And(new ExperimentStarted(["h1"], Given.Now)).AlsoProtected.ShouldBeEmpty();
    }

    [Fact]
    public void metrics_of_the_organisation_that_these_hosts_do_not_have_keep_no_verdict_open()
    {
        ExperimentStarted started = new(["h1"], Given.Now.AddHours(1), ["slo.*"]);
        Experiment After(string[] own) => Given.Experiment(Given.Draft(protectedMetrics: own), started, new VariantsApplied(["h1"]), new WarmUpEnded())
            .And([.. Enumerable.Range(1, 3).Select(n => Given.Window(n) with { Retention = new(0, 0, []) })]);
        Verdicts.Reach(After([]), null).Reasons.ShouldNotContain(r => r.Contains("protected metrics"));
        Verdicts.Reach(After(["up"]), null).Reasons.ShouldContain(r => r.Contains("none of the protected metrics was seen"));
    }

    [Theory]
    [InlineData("", ".pattern")]
    [InlineData("*", ".pattern")]
    [InlineData("**", ".pattern")]
    [InlineData("a,b", ".pattern")]
    [InlineData("a b", ".pattern")]
    [InlineData("a\tb", ".pattern")]
    [InlineData("a\0b", ".pattern")]
    public void a_pattern_that_cannot_be_meant_is_refused_at_its_place(string pattern, string field)
    {
        var rejection = MetricProtectionDecisions.Set(MetricProtection.None, [new("good.*", ""), new(pattern, "")]).Rejection!;
        (rejection.Code, rejection.Field).ShouldBe(("protected-metrics-invalid", $"patterns[1]{field}"));
    }

    [Fact]
    public void a_list_is_bounded_and_says_everything_once()
    {
        MetricProtectionDecisions.Set(MetricProtection.None, [.. Enumerable.Range(0, MetricProtectionDecisions.MaxPatterns).Select(n => new ProtectedMetric($"m{n}", ""))]).Rejection.ShouldBeNull();
        MetricProtectionDecisions.Set(MetricProtection.None, [.. Enumerable.Range(0, MetricProtectionDecisions.MaxPatterns + 1).Select(n => new ProtectedMetric($"m{n}", ""))]).Rejection!.Field.ShouldBe("patterns");
        MetricProtectionDecisions.Set(MetricProtection.None, [new("a", ""), new("b", ""), new("a", "again")]).Rejection!.Field.ShouldBe("patterns[2].pattern");
        MetricProtectionDecisions.Set(MetricProtection.None, [new("a", new string('x', MetricProtectionDecisions.MaxNoteLength + 1))]).Rejection!.Field.ShouldBe("patterns[0].note");
        MetricProtectionDecisions.Set(MetricProtection.None, [new(new string('x', MetricProtectionDecisions.MaxPatternLength + 1), "")]).Rejection!.Field.ShouldBe("patterns[0].pattern");
        MetricProtectionDecisions.Set(MetricProtection.None, [null!]).Rejection!.Field.ShouldBe("patterns[0]");
    }

    [Fact]
    public void the_same_list_again_changes_nothing()
    {
        var set = MetricProtectionDecisions.Set(MetricProtection.None, [new("a.*", "alerts")]).Events.ShouldHaveSingleItem().ShouldBeOfType<ProtectedMetricsSet>();
        var now = MetricProtection.Create(set);
        MetricProtectionDecisions.Set(now, [new("a.*", "alerts")]).Events.ShouldBeEmpty();
        MetricProtectionDecisions.Set(now, [new("a.*", "bills")]).Events.ShouldHaveSingleItem();
        MetricProtectionDecisions.Set(now, []).Events.ShouldHaveSingleItem();
    }
}
