using Phoenix.Collector.Receivers.Prometheus;

namespace Phoenix.Collector.Tests;

/// <summary>The expected labels are what Prometheus makes of the same rule.</summary>
public class RelabelingTests
{
    [Theory]
    [InlineData("{source_labels: [a], target_label: d, regex: 'f(.*)', replacement: 'ch-${1}-$1'}", "a=foo b=bar c=baz", "a=foo b=bar c=baz d=ch-oo-oo")]
    [InlineData("{source_labels: [a, b], target_label: a, regex: 'f(.*);(.*)r', replacement: 'b$$$$${1}$2m'}", "a=foo b=bar", "a=b$oo b=bar")]
    [InlineData("{source_labels: [a], target_label: d, regex: f, replacement: x}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a], target_label: d}", "a=foo", "a=foo d=foo")]
    [InlineData("{source_labels: [b], target_label: a}", "a=foo", "")]
    [InlineData("{source_labels: [a], target_label: '${1}_x', replacement: y}", "a=foo", "a=foo foo_x=y")]
    [InlineData("{source_labels: [a], target_label: '$1_x', replacement: y}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a], target_label: d, regex: '(?P<rest>.+)', replacement: '$rest'}", "a=foo", "a=foo d=foo")]
    [InlineData("{source_labels: [a], target_label: d, regex: '(f)oo', replacement: '$1x'}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a, b], separator: '@', target_label: d}", "a=foo b=bar", "a=foo b=bar d=foo@bar")]
    [InlineData("{action: keep, source_labels: [a], regex: foo}", "a=foobar", null)]
    [InlineData("{action: keep, source_labels: [a], regex: 'foo|foobar'}", "a=foobar", "a=foobar")]
    [InlineData("{action: drop, source_labels: [a], regex: 'foo.*'}", "a=foobar", null)]
    [InlineData("{action: keepequal, source_labels: [a], target_label: b}", "a=x b=y", null)]
    [InlineData("{action: dropequal, source_labels: [a], target_label: b}", "a=x b=x", null)]
    [InlineData("{action: hashmod, source_labels: [c], target_label: d, modulus: 1000}", "c=baz", "c=baz d=976")]
    [InlineData("{action: labelmap, regex: '__meta_(.+)'}", "__meta_zone=eu a=b", "__meta_zone=eu a=b zone=eu")]
    [InlineData("{action: labelmap, regex: '(b.*)', replacement: 'bar_${1}'}", "b1=x b2=y", "b1=x b2=y bar_b1=x bar_b2=y")]
    [InlineData("{action: labeldrop, regex: '(b.*)'}", "a=foo b1=bar", "a=foo")]
    [InlineData("{action: labelkeep, regex: '(b.*)'}", "a=foo b1=bar", "b1=bar")]
    [InlineData("{action: lowercase, source_labels: [a], target_label: d}", "a=BaR", "a=BaR d=bar")]
    [InlineData("{action: uppercase, source_labels: [a], target_label: d}", "a=BaR", "a=BaR d=BAR")]
    public void a_rule_does_what_prometheus_does(string rule, string before, string? after)
    {
        // A dollar sign before a brace is doubled in configurations, where ${…} names a variable.
        var rules = ScrapeJobs.Job($"relabel_configs:\n- {rule.Replace("${", "$${", StringComparison.Ordinal)}").TargetRules;
        var labels = new LabelSet();
        foreach (var pair in before.Split(' '))
        {
            labels[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        var kept = Relabeling.Apply(rules, labels);

        (kept ? string.Join(' ', labels.Items.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")) : null).ShouldBe(after);
    }
}
