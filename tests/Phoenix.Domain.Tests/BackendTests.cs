using Phoenix.Domain.Backends;

namespace Phoenix.Domain.Tests;

/// <summary>Which backends may be asked how, and what a difference of counts may come from.</summary>
public sealed class BackendTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    static readonly BackendSettings Basic = new("https://metrics.example.com", null, BackendAuthentication.Basic, "phoenix", null, null, TimeSpan.FromSeconds(10), "host_id");

    static readonly Backend Existing = new() { Name = "metrics", Settings = Basic };

    static Decision Change(BackendSettings settings, GivenCredential? given = null) => BackendDecisions.Define(Existing, "metrics", settings, given ?? GivenCredential.None);

    [Fact]
    public void a_credential_is_never_sent_to_another_server()
    {
        Change(Basic with { Url = "https://metrics.example.com/prometheus" }).Events.ShouldHaveSingleItem().ShouldBeOfType<BackendChanged>();
        foreach (var elsewhere in (string[])["https://evil.example.com", "http://metrics.example.com", "https://metrics.example.com:8443"])
            Change(Basic with { Url = elsewhere }).Rejection!.Code.ShouldBe("credential-missing");
        Change(Basic with { Authentication = BackendAuthentication.Bearer, UserName = null }).Rejection!.Code.ShouldBe("credential-missing");
        Change(Basic with { Url = "https://other.example.com" }, new(true, false)).Events.Select(e => e.GetType()).ShouldBe([typeof(BackendChanged), typeof(BackendCredentialReplaced)]);
    }

    [Fact]
    public void the_same_again_is_no_change_and_another_password_is_one()
    {
        Change(Basic).Events.ShouldBeEmpty();
        Change(Basic, new(true, false)).Events.ShouldHaveSingleItem().ShouldBeOfType<BackendCredentialReplaced>();
    }

    [Fact]
    public void what_does_not_fit_together_is_refused()
    {
        BackendDecisions.Define(null, "a/b", Basic, new(true, false)).Rejection!.Code.ShouldBe("backend-name-invalid");
        BackendDecisions.Define(null, "m", Basic, GivenCredential.None).Rejection!.Code.ShouldBe("credential-missing");
        Change(Basic with { UserName = null }).Rejection!.Code.ShouldBe("user-name-missing");
        Change(Basic with { UserName = "a:b" }).Rejection!.Code.ShouldBe("user-name-invalid");
        Change(Basic with { HostLabel = "host.id" }).Rejection!.Code.ShouldBe("host-label-invalid");
        Change(Basic with { Tenant = "a\r\nX-Other: 1" }).Rejection!.Code.ShouldBe("tenant-invalid");
        Change(Basic with { Timeout = TimeSpan.FromMinutes(2) }).Rejection!.Code.ShouldBe("timeout-invalid");
        Change(Basic with { ClientCertificate = "pem" }).Rejection!.Code.ShouldBe("client-key-missing");
        Change(Basic with { Authentication = BackendAuthentication.None, UserName = null }, new(true, false)).Rejection!.Code.ShouldBe("credential-unused");
    }

    static OwnCount Own(long series, long? native = null, long? longer = null, DateTimeOffset? to = null, long dropped = 0) =>
        new(7, Now.AddMinutes(-6), to ?? Now.AddMinutes(-5), series, native, longer, 0, dropped, 0);

    static HostComparison Compare(OwnCount? own, long? backend, AddedSeries? added = null, double tolerance = 5) =>
        BackendComparison.Of("a", own, backend is { } n ? new(Now.AddMinutes(-6), Now.AddMinutes(-5), n) : null, added, "host_id", tolerance, Now);

    [Theory]
    [InlineData(1000, 1050, ComparisonOutcome.Agrees)]
    [InlineData(1000, 950, ComparisonOutcome.Agrees)]
    [InlineData(1000, 1051, ComparisonOutcome.Differs)]
    [InlineData(1000, 949, ComparisonOutcome.Differs)]
    [InlineData(0, 0, ComparisonOutcome.Agrees)]
    [InlineData(0, 1, ComparisonOutcome.Differs)]
    public void up_to_the_tolerance_counts_agree(long own, long backend, ComparisonOutcome outcome) => Compare(Own(own), backend).Outcome.ShouldBe(outcome);

    [Fact]
    public void a_host_that_the_backend_does_not_know_is_shown_with_the_reason()
    {
        var host = Compare(Own(100), 0);
        host.DifferencePct.ShouldBe(-100);
        host.Reasons.Select(r => r.Code).ShouldContain("host-unknown");
    }

    [Fact]
    public void what_cannot_be_compared_says_why_and_is_in_no_total()
    {
        var silent = Compare(null, 40);
        silent.Outcome.ShouldBe(ComparisonOutcome.NotComparable);
        silent.Reasons.Select(r => r.Code).ShouldBe(["no-window"]);
        var partial = Compare(Own(100), null);
        partial.Reasons.Select(r => r.Code).ShouldBe(["backend-incomplete"]);
        BackendComparison.Total([silent, partial, Compare(Own(100), 90), Compare(Own(300), 300)], 5)
            .ShouldBe(new(4, 1, 2, 400, 390, -2.5, ComparisonOutcome.Agrees));
        BackendComparison.Total([silent], 5).ShouldBe(new(1, 0, 1, 0, 0, null, ComparisonOutcome.NotComparable));
    }

    [Fact]
    public void a_difference_names_what_explains_it()
    {
        Codes(Compare(Own(1000, native: 200), 201)).ShouldContain("native-histograms");
        Codes(Compare(Own(1000, native: 200), 500)).ShouldNotContain("native-histograms");
        Codes(Compare(Own(1000, longer: 1500), 1490)).ShouldBe(["longer-time", "other-writers"]);
        Codes(Compare(Own(1000), 1100, new(100, 4))).ShouldBe(["series-of-the-backend", "other-writers"]);
        Codes(Compare(Own(1000), 800, new(0, 0))).ShouldBe(["target-info-missing"]);
        Codes(Compare(Own(1000, dropped: 3), 800, new(0, 1))).ShouldBe(["export-failed"]);
        Codes(Compare(Own(1000, to: Now.AddSeconds(-3)), 800, new(0, 1))).ShouldBe(["window-fresh"]);
        Codes(Compare(Own(1000, to: Now.AddDays(-2)), 800, new(0, 1))).ShouldBe(["window-old"]);
    }

    static IEnumerable<string> Codes(HostComparison host) => host.Reasons.Select(r => r.Code);

    [Theory]
    [InlineData("https://metrics.example.com/prometheus", null)]
    [InlineData("http://10.0.0.1:9090", null)]
    [InlineData("metrics.example.com", "address-invalid")]
    [InlineData("file:///etc/passwd", "address-invalid")]
    [InlineData("https://user:password@metrics.example.com", "address-holds-secret")]
    [InlineData("https://metrics.example.com/#x", "address-invalid")]
    [InlineData(null, "address-invalid")]
    public void addresses_are_whole_and_hold_no_password(string? text, string? code) => (OutboundAddress.Parse(text, "url").Rejection?.Code).ShouldBe(code);
}
