namespace Phoenix.Agent.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void defaults_fill_what_is_not_set()
    {
        var settings = Read(("PHOENIX_API_URL", "http://phoenix:8080"));
        settings.ApiUrl.ShouldBe(new Uri("http://phoenix:8080/"));
        settings.HostId.ShouldBe("machine");
        settings.PollWait.ShouldBe(TimeSpan.FromSeconds(30));
        settings.HealthyTimeout.ShouldBe(TimeSpan.FromSeconds(45));
        settings.StateDirectory.ShouldBe("/var/lib/phoenix-agent");
        settings.CollectorPath.ShouldBe("/opt/phoenix/phoenix-collector");
    }

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5m", 90_000)]
    public void durations_have_units(string text, double milliseconds) =>
        Read(("PHOENIX_API_URL", "http://x"), ("TASK_POLL_INTERVAL", text)).PollWait.TotalMilliseconds.ShouldBe(milliseconds);

    [Fact]
    public void labels_are_pairs_between_commas() =>
        Read(("PHOENIX_API_URL", "http://x"), ("PHOENIX_AGENT_LABELS", "role=web, example.com/zone = b,gpu=")).Labels
            .ShouldBe(new Dictionary<string, string> { ["role"] = "web", ["example.com/zone"] = "b", ["gpu"] = "" }, ignoreOrder: true);

    [Theory]
    [InlineData("PHOENIX_API_URL", null, "http://phoenix.example:8080")]
    [InlineData("PHOENIX_API_URL", "phoenix:8080", "http://phoenix.example:8080")]
    [InlineData("PHOENIX_API_URL", "ftp://phoenix", "http://phoenix.example:8080")]
    [InlineData("AGENT_HOST_ID", "a b", "letters")]
    [InlineData("TASK_POLL_INTERVAL", "30", "500ms")]
    [InlineData("TASK_POLL_INTERVAL", "1h", "500ms")]
    [InlineData("TASK_POLL_INTERVAL", "0s", "from 10ms")]
    [InlineData("PHOENIX_HEALTHY_TIMEOUT", "soon", "500ms")]
    [InlineData("PHOENIX_AGENT_LABELS", "role", "role=web,env=staging")]
    [InlineData("PHOENIX_AGENT_LABELS", "=web", "role=web,env=staging")]
    [InlineData("PHOENIX_AGENT_LABELS", "role=web,role=db", "one value")]
    public void a_wrong_value_is_named_with_its_remedy(string variable, string? value, string remedy)
    {
        var message = Should.Throw<SettingsException>(() => Read(("PHOENIX_API_URL", "http://x"), (variable, value))).Message;
        message.ShouldStartWith(variable);
        message.ShouldContain(remedy);
        message.ShouldNotContain("\n");
    }

    private static AgentSettings Read(params (string Name, string? Value)[] variables) =>
        AgentSettings.Read(name => variables.LastOrDefault(variable => variable.Name == name).Value, "machine", "/opt/phoenix");
}
