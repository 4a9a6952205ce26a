using System.Text;
using CsCheck;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Notifications;

namespace Phoenix.Domain.Tests;

/// <summary>Who is told, when again, and how a receiver knows that it was Phoenix.</summary>
public sealed class NotificationTests
{
    static readonly Uri Address = new("https://hooks.example.com/services/T1/B1/secret");

    static NotificationTarget Target(string? subject = null, params string[] kinds)
    {
        var defined = NotificationTargetDecisions.Define(null, "ops", NotificationChannel.Webhook, Address, kinds, subject, true).Events.ShouldHaveSingleItem().ShouldBeOfType<NotificationTargetDefined>();
        return new() { Id = StreamIds.NotificationTarget("ops"), Name = defined.Name, Settings = defined.Settings, Enabled = true };
    }

    [Fact]
    public void the_example_of_standard_webhooks_is_signed_as_there() =>
        WebhookSignature.Header(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("{\"test\": 2432232314}"))
            .ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Fact]
    public void no_event_of_a_target_has_its_address()
    {
        var settings = Target(null, "experiment.*").Settings;
        settings.Origin.ShouldBe("https://hooks.example.com");
        settings.ToString().ShouldNotContain("secret");
    }

    [Fact]
    public void another_path_on_the_same_server_is_a_change()
    {
        var target = Target(null, "experiment.*");
        NotificationTargetDecisions.Define(target, "ops", NotificationChannel.Webhook, Address, ["experiment.*"], null, true).Events.ShouldBeEmpty();
        NotificationTargetDecisions.Define(target, "ops", NotificationChannel.Webhook, null, ["experiment.*"], null, true).Events.ShouldBeEmpty();
        NotificationTargetDecisions.Define(target, "ops", NotificationChannel.Webhook, new(Address, "other"), ["experiment.*"], null, true).Events.ShouldHaveSingleItem().ShouldBeOfType<NotificationTargetChanged>();
    }

    [Theory]
    [InlineData("experiment.verdict", "checkout-eu", true)]
    [InlineData("experiment.verdict", "CHECKOUT-", true)]
    [InlineData("experiment.verdict", "old-checkout-eu", false)]
    [InlineData("experiment.verdict", null, false)]
    [InlineData("experiment.started", "checkout-eu", false)]
    [InlineData("host.lost", "checkout-1", true)]
    [InlineData("host.recovered", "checkout-1", true)]
    public void a_target_is_told_of_its_kinds_and_subjects_alone(string kind, string? subject, bool told) =>
        Target("checkout-*", "experiment.verdict", "host.*").Wants(kind, subject).ShouldBe(told);

    [Fact]
    public void only_the_star_has_a_meaning_in_a_subject()
    {
        Target("a.b", "host.*").Wants("host.lost", "axb").ShouldBeFalse();
        Target("a?(b", "host.*").Wants("host.lost", "a?(b").ShouldBeTrue();
    }

    [Fact]
    public void a_disabled_target_wants_nothing() => (Target(null, "host.*") with { Enabled = false }).Wants("host.lost", "a").ShouldBeFalse();

    [Theory]
    [InlineData("nothing.known")]
    [InlineData("experiment.")]
    [InlineData("*")]
    [InlineData(".*")]
    public void unknown_kinds_are_refused(string kind) =>
        NotificationTargetDecisions.Define(null, "ops", NotificationChannel.Webhook, Address, [kind], null, true).Rejection!.Code.ShouldBe("notification-kind-unknown");

    [Fact]
    public void every_kind_has_a_name_of_group_and_event_and_an_event_of_its_own()
    {
        NotificationKinds.All.ShouldAllBe(k => k.Kind.Split('.').Length == 2);
        NotificationKinds.All.Select(k => k.Kind).Distinct().Count().ShouldBe(NotificationKinds.All.Count);
        NotificationKinds.All.Select(k => k.Event).Distinct().Count().ShouldBe(NotificationKinds.All.Count);
    }

    /// <summary>Whoever is told that a deployment is held, or waits for approval, is told how that went on.</summary>
    [Theory]
    [InlineData("deployment.approved", typeof(DeploymentApproved))]
    [InlineData("deployment.rejected", typeof(DeploymentRejected))]
    [InlineData("deployment.resumed", typeof(DeploymentResumed))]
    [InlineData("deployment.rolled-back", typeof(DeploymentRolledBack))]
    [InlineData("deployment.aborted", typeof(DeploymentAborted))]
    [InlineData("deployment.completed", typeof(DeploymentCompleted))]
    public void every_way_that_a_deployment_goes_on_can_be_told(string kind, Type happened) => NotificationKinds.All.Single(k => k.Event == happened).Kind.ShouldBe(kind);

    [Theory]
    [InlineData("", "The deployment of pipeline 'checkout' ended before its time; hosts that run it go on with it.")]
    [InlineData("the experiment goes back", "The deployment of pipeline 'checkout' ended before its time; hosts that run it go on with it: the experiment goes back.")]
    public void what_ended_a_deployment_before_its_time_is_told(string detail, string text)
    {
        var aborted = new DeploymentAborted(detail);
        NotificationKinds.Of(aborted)!.Text(aborted, "checkout").ShouldBe(text);
    }

    /// <summary>Never sooner than asked, never after a day and a bit, and only so many times.</summary>
    [Fact]
    public void attempts_are_spaced_out_and_come_to_an_end() =>
        Gen.Select(Gen.Int[1, DeliveryRetries.MaxAttempts + 5], Gen.Double[-100, 200_000], Gen.Double[0, 1]).Sample((attempt, asked, jitter) =>
        {
            var wait = DeliveryRetries.After(attempt, TimeSpan.FromSeconds(asked), jitter);
            if (attempt >= DeliveryRetries.MaxAttempts) return wait is null;
            var without = DeliveryRetries.After(attempt, null, jitter)!.Value;
            return wait >= without && wait >= TimeSpan.FromSeconds(Math.Min(asked, 86_400)) && wait < TimeSpan.FromHours(27)
                && (attempt == 1 || without > DeliveryRetries.After(attempt - 1, null, jitter));
        });

    [Theory]
    [InlineData(408, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(410, false)]
    [InlineData(302, false)]
    public void what_is_wrong_with_the_request_does_not_pass(int status, bool passes) => DeliveryRetries.Passes(status).ShouldBe(passes);
}
