using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.HostLogs;
using Phoenix.Contracts;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>Log lines of hosts, from the user's request to the host and back, and what is left of them.</summary>
[Collection(nameof(ControlPlane))]
public sealed class HostLogsTests(ControlPlane plane)
{
    /// <summary>Nothing else says it.</summary>
    readonly string _line = $"a line of {Guid.NewGuid():N}\0\"quoted\"";

    [Fact]
    public async Task lines_come_back_and_are_in_no_event()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await Ask(agent, new { collector = "production", lines = 50, reason = "exports fail" });
        (await plane.Get($"/api/v2/host-logs/{id}")).GetProperty("state").GetString().ShouldBe("queued");

        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (task.Kind, task.Logs).ShouldBe((TaskKind.Logs, new HostLogsOrder("production", 50)));
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Send(agent, task, [new("collector.log", "production", ["older", "cut by the second attempt"], false)])).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Get($"/api/v2/host-logs/{id}")).GetProperty("files").GetArrayLength().ShouldBe(0, "it has not succeeded yet");
        (await Send(agent, task, [new("agent", null, [], false), new("collector.log", "production", ["older", _line], true)])).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var view = await plane.Get($"/api/v2/host-logs/{id}");
        (view.GetProperty("state").GetString(), view.GetProperty("hostId").GetString(), view.GetProperty("error").ValueKind).ShouldBe(("succeeded", agent.HostId, JsonValueKind.Null));
        view.GetProperty("files").GetArrayLength().ShouldBe(2);
        var file = view.GetProperty("files")[1];
        (file.GetProperty("name").GetString(), file.GetProperty("collector").GetString(), file.GetProperty("truncated").GetBoolean()).ShouldBe(("collector.log", "production", true));
        file.GetProperty("lines").EnumerateArray().Select(l => l.GetString()).ShouldBe(["older", _line.Replace('\0', '\uFFFD')]);
        view.GetProperty("files")[0].GetProperty("collector").ValueKind.ShouldBe(JsonValueKind.Null);

        (await Count("select count(*) from phoenix.mt_events where stream_id = $1", id)).ShouldBeGreaterThanOrEqualTo(3);
        (await Count("select count(*) from phoenix.mt_events where stream_id = $1 and data::text like '%a line of%'", id)).ShouldBe(0);
        var log = await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={id}&type=task_queued"), a => a.GetProperty("items").GetArrayLength() == 1, "the request in the audit log");
        log.GetProperty("items")[0].GetProperty("reason").GetString().ShouldBe("exports fail");
    }

    [Fact]
    public async Task lines_are_gone_after_an_hour()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await Ask(agent, new { });
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Logs.ShouldBe(new HostLogsOrder(null, 200));
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Send(agent, task, [new("agent", null, [_line], false)])).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var store = plane.Host.Services.GetRequiredService<HostLogStore>();
        await store.Forget(TestContext.Current.CancellationToken);
        (await plane.Get($"/api/v2/host-logs/{id}")).GetProperty("files").GetArrayLength().ShouldBe(1, "their time is not over");

        (await Count($"with old as (update {HostLogStore.TableName} set received_at = received_at - interval '61 minutes' where task_id = $1 returning 1) select count(*) from old", id)).ShouldBe(1);
        var view = await plane.Get($"/api/v2/host-logs/{id}");
        view.GetProperty("files").GetArrayLength().ShouldBe(0, "before they are deleted too");
        view.GetProperty("error").GetString()!.ShouldContain("60 minutes");
        await store.Forget(TestContext.Current.CancellationToken);
        (await Count($"select count(*) from {HostLogStore.TableName} where task_id = $1", id)).ShouldBe(0);
    }

    [Fact]
    public async Task only_the_host_that_was_asked_can_send_and_only_while_it_holds_the_lease()
    {
        var (agent, other) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var id = await Ask(agent, new { });
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        HostLogFile[] files = [new("agent", null, [_line], false)];
        await (await Send(other, task, files)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await Send(agent, task with { Lease = task.Lease - 1 }, files)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        (await agent.Fail(task, "configuration-not-allowed", retryable: false)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await Send(agent, task, files)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        var view = await plane.Get($"/api/v2/host-logs/{id}");
        (view.GetProperty("state").GetString(), view.GetProperty("files").GetArrayLength()).ShouldBe(("deadLettered", 0));
        view.GetProperty("error").GetString()!.ShouldContain("configuration-not-allowed");
    }

    [Fact]
    public async Task a_report_is_bounded()
    {
        var agent = await TestAgent.Enrol(plane);
        await Ask(agent, new { });
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        HostLogFile File(IReadOnlyList<string> lines) => new("agent", null, lines, false);
        foreach (var (files, field) in new (HostLogFile[], string)[]
        {
            ([File([.. Enumerable.Repeat("x", HostLogLimits.Lines + 1)])], "files[0].lines"),
            ([File([]), File([new string('x', HostLogLimits.LineLength + 1)])], "files[1].lines"),
            ([File([null!])], "files[0].lines"),
            ([File(null!)], "files[0]"),
            ([null!], "files[0]"),
            ([new("", null, [], false)], "files[0]"),
            ([File([.. Enumerable.Repeat(new string('é', HostLogLimits.LineLength), 33)])], "files"),
            ([.. Enumerable.Repeat(File([]), HostLogLimits.Files + 1)], "files"),
        })
        {
            var answer = await Send(agent, task, files);
            await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "logs-invalid");
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString().ShouldBe(field);
        }
        // As much as may be, in characters that JSON spells with six bytes each.
        (await Send(agent, task, [File([.. Enumerable.Repeat(new string('"', 1024), 256)])])).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Fail(task, "internal", retryable: false)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task what_cannot_be_asked_is_refused_before_it_is_queued()
    {
        var agent = await TestAgent.Enrol(plane);
        await (await Post(agent.HostId, new { lines = 0 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "lines-invalid");
        await (await Post(agent.HostId, new { lines = 1001 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "lines-invalid");
        await (await Post(agent.HostId, new { collector = "../x" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "collector-invalid");
        await (await Post("stranger", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await Post(agent.HostId, new { })).ShouldBeProblem(HttpStatusCode.Conflict, "agent-too-old");
        (await agent.Poll(0)).ShouldBeEmpty();
        var preview = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } });
        var other = (await preview.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetGuid();
        await (await plane.User.GetAsync($"/api/v2/host-logs/{other}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task a_viewer_neither_asks_for_lines_nor_reads_them()
    {
        var (agent, viewer) = (await TestAgent.Enrol(plane), await plane.Person(Roles.Viewer));
        await (await viewer.Http.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/logs", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        var id = await Ask(agent, new { });
        await (await viewer.Http.GetAsync($"/api/v2/host-logs/{id}")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    Task<HttpResponseMessage> Post(string host, object body) => plane.User.PostAsJsonAsync($"/api/v2/agents/{host}/logs", body);

    async Task<Guid> Ask(TestAgent agent, object body)
    {
        await agent.BeatOfToday();
        return (await (await Post(agent.HostId, body)).ShouldBe(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();
    }

    static Task<HttpResponseMessage> Send(TestAgent agent, AssignedTask task, HostLogFile[] files) =>
        agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/logs", new HostLogsReport(task.Lease, files), WireJson.Default.Options);

    async Task<long> Count(string sql, Guid id)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.Parameters.Add(new() { Value = id });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
