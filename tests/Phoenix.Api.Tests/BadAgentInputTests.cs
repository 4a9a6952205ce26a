using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>What no honest agent sends: each a clear refusal that is counted, and nothing is lost or changed by it.</summary>
[Collection(nameof(ControlPlane))]
public sealed class BadAgentInputTests(ControlPlane plane)
{
    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("../../etc/passwd")]
    [InlineData("'; drop table hosts; --")]
    [InlineData("%00")]
    public async Task an_odd_host_id_proves_nothing(string hostId)
    {
        var agent = Impostor(hostId);
        await Counted("agent-unauthenticated", async () => await (await agent.GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated"));
    }

    [Fact]
    public async Task a_host_id_of_ten_kilobytes_is_refused_and_not_repeated()
    {
        var host = new string('a', 10_000);
        await (await Impostor(host).GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        var enrolment = await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", new EnrolmentRequest(host, plane.EnrolmentToken, new string('x', 43), "1", "linux", "x64"));
        await enrolment.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "host-id-invalid");
        var read = await plane.User.GetAsync($"/api/v2/agents/{host}");
        await read.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await read.Content.ReadAsStringAsync()).Length.ShouldBeLessThan(1000);
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{host}/drain", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{host}/decommission", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task an_unknown_host_and_a_wrong_credential_are_refused_and_the_right_one_still_counts()
    {
        var agent = await TestAgent.Enrol(plane);
        await Counted("agent-unauthenticated", async () => await (await Impostor($"nobody-{Guid.NewGuid():N}").GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated"));
        await Counted("agent-unauthenticated", async () => await (await Impostor(agent.HostId).GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated"));
        (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":-1,"cpuSeconds":1,"collectors":[]}""", "residentBytes")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":-0.1,"collectors":[]}""", "cpuSeconds")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1e999,"collectors":[]}""", "cpuSeconds")]
    [InlineData("""{"startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[]}""", "agentVersion")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":null}""", "collectors")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[null]}""", "collectors[0]")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[{"arm":"production","configurationHash":"h"}]}""", "collectors[0].name")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[{"name":"p","arm":"production","configurationHash":"h","restarts":-1}]}""", "collectors[0].restarts")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[{"name":"p","arm":"production","configurationHash":"h","residentBytes":-5}]}""", "collectors[0].residentBytes")]
    [InlineData("""{"agentVersion":"1","startedAt":"2026-11-01T00:00:00Z","residentBytes":1,"cpuSeconds":1,"collectors":[{"name":"p","arm":"production"}]}""", "collectors[0].configurationHash")]
    public async Task a_heartbeat_that_cannot_be_names_the_field(string body, string field)
    {
        var agent = await TestAgent.Enrol(plane);
        await Counted("heartbeat-invalid", async () =>
        {
            var answer = await Beat(agent, body);
            await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "heartbeat-invalid");
            (await answer.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("field").GetString().ShouldBe(field);
        });
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("heartbeatAt").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"agentVersion":"1","residentBytes":1,"cpuSeconds":NaN,"collectors":[]}""")]
    [InlineData("""{"agentVersion":"1","residentBytes":1.5,"cpuSeconds":1,"collectors":[]}""")]
    [InlineData("""{"agentVersion":"1","residentBytes":99999999999999999999,"cpuSeconds":1,"collectors":[]}""")]
    [InlineData("""{"agentVersion":"1","residentBytes":1,"cpuSeconds":1,"collectors":[{"name":"p","arm":7,"configurationHash":"h"}]}""")]
    public async Task a_heartbeat_that_is_no_heartbeat_is_malformed(string body)
    {
        var agent = await TestAgent.Enrol(plane);
        await Counted("request-malformed", async () => await (await Beat(agent, body)).ShouldBeProblem(HttpStatusCode.BadRequest, "request-malformed"));
    }

    [Fact]
    public async Task log_lines_without_bound_are_cut_and_characters_that_the_database_cannot_hold_are_replaced()
    {
        var agent = await TestAgent.Enrol(plane);
        var beat = new Heartbeat("1", DateTimeOffset.UnixEpoch, 1, 1, [new CollectorHealth("production", CollectorArm.Production, "h", false, new string('r', 5000), 0, 1,
            [.. Enumerable.Range(0, 300).Select(i => i + " \0" + new string('l', 2000))])]);
        (await agent.Http.PostAsJsonAsync("/api/v2/agents/heartbeat", beat, WireJson.Default.Options)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var collector = (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("collectors")[0];
        collector.GetProperty("reason").GetString()!.Length.ShouldBe(500);
        collector.GetProperty("logTail").GetArrayLength().ShouldBe(50);
        collector.GetProperty("logTail")[49].GetString()!.ShouldStartWith("299 \uFFFD");
    }

    [Fact]
    public async Task a_result_for_a_task_of_another_host_and_one_under_a_forged_lease_change_nothing()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(id, "start");
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        var stranger = await TestAgent.Enrol(plane);
        await Counted("not-found", async () => await (await stranger.Succeed(task)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found"));
        await Counted("lease-superseded", async () => await (await agent.Succeed(task, lease: task.Lease + 1)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded"));
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    HttpClient Impostor(string hostId)
    {
        var agent = plane.Anonymous();
        agent.DefaultRequestHeaders.TryAddWithoutValidation(AgentHeaders.HostId, hostId);
        agent.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        agent.DefaultRequestHeaders.Authorization = new("Bearer", new string('z', 43));
        return agent;
    }

    static Task<HttpResponseMessage> Beat(TestAgent agent, string body) =>
        agent.Http.PostAsync("/api/v2/agents/heartbeat", new StringContent(body, Encoding.UTF8, "application/json"));

    /// <summary>What is done makes the counter of refusals with this code rise.</summary>
    static async Task Counted(string code, Func<Task> refused)
    {
        long counted = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument is { Name: "phoenix.refusals", Meter.Name: Figures.MeterName }) l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag is { Key: "code", Value: string c } && c == code) Interlocked.Add(ref counted, value);
        });
        listener.Start();
        await refused();
        Interlocked.Read(ref counted).ShouldBeGreaterThanOrEqualTo(1);
    }
}
