using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Reading;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class AuditTests(ControlPlane plane)
{
    [Fact]
    public async Task the_log_is_paged_both_ways_and_is_the_same()
    {
        var host = await Labelled(7);
        var ascending = await All($"streamId={StreamIds.Agent(host)}&limit=3", "asc");
        ascending.Count.ShouldBe(8);
        ascending.Select(e => e.GetProperty("streamVersion").GetInt64()).ShouldBe(Enumerable.Range(1, 8).Select(n => (long)n));
        (await All($"streamId={StreamIds.Agent(host)}&limit=3", "desc")).Select(Sequence).ShouldBe(ascending.Select(Sequence).Reverse());
        await (await plane.User.GetAsync("/api/v2/audit?order=sideways")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "order-invalid");
    }

    [Fact]
    public async Task events_are_chosen_by_types_kinds_of_streams_request_and_text()
    {
        var host = await Labelled(2, reason: "because 50%_of \\ it");
        var stream = $"streamId={StreamIds.Agent(host)}";
        (await Types($"{stream}&type=agent_enrolled")).ShouldBe(["agent_enrolled"]);
        (await Types($"{stream}&type=agent_enrolled,agent_labelled")).ShouldBe(["agent_enrolled", "agent_labelled", "agent_labelled"]);
        (await Types($"{stream}&type=agent_enrolled&type=agent_labelled")).Count.ShouldBe(3);
        (await Types($"{stream}&streamType=Agent")).Count.ShouldBe(3);
        (await Types($"{stream}&streamType=agent&type=agent_labelled,task_queued")).ShouldBe(["agent_labelled", "agent_labelled"]);
        (await Types($"{stream}&streamType=Experiment")).ShouldBeEmpty();
        await (await plane.User.GetAsync("/api/v2/audit?streamType=Nothing")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "stream-type-unknown");
        (await Types($"{stream}&text={Uri.EscapeDataString("BECAUSE 50%_of \\")}")).Count.ShouldBe(2);
        (await Types($"{stream}&text={Uri.EscapeDataString("50%of")}")).ShouldBeEmpty();
        (await Types($"{stream}&text={Uri.EscapeDataString("N-1")}")).Count.ShouldBe(1);
        (await Types($"{stream}&text=ENROLLED")).ShouldBe(["agent_enrolled"]);
        await (await plane.User.GetAsync($"/api/v2/audit?text={new string('x', 201)}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "text-too-long");
        var labelled = (await All(stream, "asc"))[^1];
        var correlation = labelled.GetProperty("correlationId").GetString();
        correlation.ShouldNotBeNullOrEmpty();
        (await All($"correlationId={correlation}", "asc")).Select(Sequence).ShouldContain(Sequence(labelled));
        (await All($"correlationId={correlation}", "asc")).ShouldAllBe(e => e.GetProperty("correlationId").GetString() == correlation);
    }

    [Fact]
    public async Task an_event_tells_what_led_to_it_and_what_it_led_to()
    {
        var (id, agent) = await plane.Running();
        await Until($"streamId={id}&type=warm_up_ended");
        var started = (await All($"streamId={id}&type=experiment_started", "asc")).ShouldHaveSingleItem();
        var queued = (await All($"experimentId={id}&type=task_queued", "asc")).ShouldHaveSingleItem();
        var applied = (await All($"streamId={id}&type=variants_applied", "asc")).ShouldHaveSingleItem();
        var task = await All($"streamId={queued.GetProperty("streamId").GetGuid()}", "asc");
        var succeeded = task.Single(e => Type(e) == "task_succeeded");

        // A person asked for it, and no event did.
        var ofStart = await Detail(started);
        ofStart.GetProperty("cause").ValueKind.ShouldBe(JsonValueKind.Null);
        ofStart.GetProperty("effects").EnumerateArray().Select(Sequence).ShouldContain(Sequence(queued));
        ofStart.GetProperty("truncated").GetBoolean().ShouldBeFalse();

        var ofQueued = await Detail(queued);
        Sequence(ofQueued.GetProperty("cause")).ShouldBe(Sequence(started));
        ofQueued.GetProperty("effects").EnumerateArray().Select(Type).ShouldBe(["task_assigned"]);
        queued.GetProperty("correlationId").GetString().ShouldBe(started.GetProperty("correlationId").GetString());
        // Neither itself nor its cause nor its effects are told twice.
        var told = ofQueued.GetProperty("correlated").EnumerateArray().Select(Sequence).ToList();
        told.ShouldNotContain(Sequence(queued));
        told.ShouldNotContain(Sequence(started));

        var ofSucceeded = await Detail(succeeded);
        ofSucceeded.GetProperty("cause").GetProperty("streamId").GetGuid().ShouldBe(queued.GetProperty("streamId").GetGuid());
        ofSucceeded.GetProperty("effects").EnumerateArray().Select(Sequence).ShouldContain(Sequence(applied));
        Sequence((await Detail(applied)).GetProperty("cause")).ShouldBe(Sequence(succeeded));

        // From the end of the warm-up back to the person, without a gap.
        List<string> chain = [];
        for (var e = (await All($"streamId={id}&type=warm_up_ended", "asc")).Single(); e.ValueKind == JsonValueKind.Object; e = (await Detail(e)).GetProperty("cause")) chain.Add(Type(e));
        chain.ShouldBe(["warm_up_ended", "variants_applied", "task_succeeded", "task_progressed", "task_assigned", "task_queued", "experiment_started"]);
        await (await plane.User.GetAsync("/api/v2/audit/999999999999")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task the_histogram_counts_what_the_list_shows_each_in_its_time()
    {
        var host = await Labelled(9);
        var stream = $"streamId={StreamIds.Agent(host)}";
        var events = await All(stream, "asc");
        var from = events[0].GetProperty("timestamp").GetDateTimeOffset();
        var until = events[^1].GetProperty("timestamp").GetDateTimeOffset().AddMicroseconds(1);
        var histogram = await plane.Get($"/api/v2/audit/histogram?{stream}&from={Text(from)}&until={Text(until)}&buckets=7");
        var counts = histogram.GetProperty("counts").EnumerateArray().Select(c => c.GetInt64()).ToList();
        counts.Count.ShouldBe(7);
        counts.Sum().ShouldBe(10);
        var width = histogram.GetProperty("bucketSeconds").GetDouble();
        (width * 7).ShouldBe((until - from).TotalSeconds, 1e-6);
        var expected = new long[7];
        foreach (var e in events) expected[Math.Min(6, (int)((e.GetProperty("timestamp").GetDateTimeOffset() - from).TotalSeconds / width))]++;
        counts.ShouldBe(expected);
        (await plane.Get($"/api/v2/audit/histogram?{stream}")).GetProperty("counts").EnumerateArray().Sum(c => c.GetInt64()).ShouldBe(10);
        await (await plane.User.GetAsync("/api/v2/audit/histogram?buckets=0")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "buckets-invalid");
        await (await plane.User.GetAsync($"/api/v2/audit/histogram?from={Text(until)}&until={Text(from)}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "range-invalid");
        // A few microseconds have as many buckets, and less than one is one.
        foreach (var (length, number) in ((string, int)[])[("0000005", 1), ("000003", 3)])
        {
            var brief = await plane.Get($"/api/v2/audit/histogram?from=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00.{length}Z&buckets=1000");
            brief.GetProperty("counts").GetArrayLength().ShouldBe(number);
            brief.GetProperty("bucketSeconds").GetDouble().ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task the_export_has_every_event_that_the_list_has_over_many_pages()
    {
        var host = await Labelled(0);
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            for (var n = 0; n < 450; n++) session.Events.Append(StreamIds.Agent(host), new AgentLabelled(host, new Dictionary<string, string> { ["n"] = $"{n}" }));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }
        var stream = $"streamId={StreamIds.Agent(host)}";
        await Eventually.Get(() => plane.Get($"/api/v2/audit?{stream}&limit=1000"), a => a.GetProperty("items").GetArrayLength() == 451, "the log");
        var listed = (await plane.Get($"/api/v2/audit?{stream}&limit=1000")).GetProperty("items").EnumerateArray().Select(e => e.GetRawText()).ToList();
        using var answer = await plane.User.GetAsync($"/api/v2/audit/export?format=ndjson&{stream}");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(listed);

        var csv = Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&{stream}"));
        csv[0].ShouldBe(["sequence", "eventId", "timestamp", "stream", "streamType", "streamId", "streamVersion", "experimentId", "type", "actor", "verification", "reason", "correlationId", "causationId", "causeId", "data"]);
        csv.Skip(1).Select(r => long.Parse(r[0])).ShouldBe(listed.Select(e => Sequence(JsonSerializer.Deserialize<JsonElement>(e))));
        csv.ShouldAllBe(r => r.Count == csv[0].Count);
        JsonSerializer.Deserialize<JsonElement>(csv[^1][^1]).GetProperty("labels").GetProperty("n").GetString().ShouldBe("449");
        await (await plane.User.GetAsync("/api/v2/audit/export?format=xlsx")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "format-invalid");
    }

    [Fact]
    public async Task no_cell_of_the_export_is_a_formula_or_breaks_its_row()
    {
        const string Reason = "=HYPERLINK(\"http://x\", \"a,b\")\r\n+1";
        var host = await Labelled(1, Reason);
        var row = Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&type=agent_labelled&streamId={StreamIds.Agent(host)}"))[1];
        row[11].ShouldBe("'" + Reason);
    }

    [Fact]
    public async Task a_span_of_time_is_exported_whole()
    {
        var from = EventStoreOptions.Clock.GetUtcNow();
        var host = await Labelled(3);
        var until = EventStoreOptions.Clock.GetUtcNow();
        await Labelled(1);
        var csv = Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&streamType=Agent&from={Text(from)}&until={Text(until)}"));
        csv.Skip(1).Select(r => Guid.Parse(r[5])).ShouldBe(Enumerable.Repeat(StreamIds.Agent(host), 4));
    }

    [Fact]
    public async Task an_export_ends_with_its_client_and_holds_no_connection_meanwhile()
    {
        var host = await Labelled(0);
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            for (var n = 0; n < 400; n++) session.Events.Append(StreamIds.Agent(host), new AgentLabelled(host, new Dictionary<string, string> { ["n"] = new string('x', 10_000) }));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={StreamIds.Agent(host)}&limit=1000"), a => a.GetProperty("items").GetArrayLength() == 401, "the log");
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v2/audit/export?format=ndjson&streamId={StreamIds.Agent(host)}");
        var answer = await plane.User.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
        var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        (await body.ReadAsync(new byte[100], TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
        // Nobody reads on: no query is under way and no snapshot is held.
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await Eventually.Get(async () => (long)(await database.CreateCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle' and query like '%audit_log%' and pid <> pg_backend_pid()").ExecuteScalarAsync())!, n => n == 0, "no query");
        await body.DisposeAsync();
        answer.Dispose();
    }

    [Fact]
    public async Task few_exports_are_written_at_once_and_the_next_is_told_to_wait()
    {
        var host = await Labelled(0);
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            for (var n = 0; n < 400; n++) session.Events.Append(StreamIds.Agent(host), new AgentLabelled(host, new Dictionary<string, string> { ["n"] = new string('y', 10_000) }));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={StreamIds.Agent(host)}&limit=1000"), a => a.GetProperty("items").GetArrayLength() == 401, "the log");
        var path = $"/api/v2/audit/export?format=ndjson&streamId={StreamIds.Agent(host)}";
        List<HttpResponseMessage> open = [];
        // Nobody reads them: each waits for its client.
        for (var n = 0; n < AuditExport.MostAtOnce; n++) open.Add(await plane.User.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
        open.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        var refused = await plane.User.GetAsync(path, TestContext.Current.CancellationToken);
        await refused.ShouldBeProblem(HttpStatusCode.TooManyRequests, "exports-busy");
        refused.Headers.RetryAfter.ShouldNotBeNull();
        foreach (var answer in open) answer.Dispose();
        await Eventually.Get(async () => (await plane.User.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode, status => status == HttpStatusCode.OK, "a place");
    }

    [Fact]
    public async Task an_export_goes_on_over_a_long_part_of_the_log_without_a_match()
    {
        var host = await Labelled(1);
        // More numbers than one statement looks at, of which none has an event.
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand("select setval('phoenix.mt_events_sequence', nextval('phoenix.mt_events_sequence') + 120000)").ExecuteScalarAsync(TestContext.Current.CancellationToken);
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{host}/labels", new { labels = new { n = "last" } })).EnsureSuccessStatusCode();
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={StreamIds.Agent(host)}"), a => a.GetProperty("items").GetArrayLength() == 3, "the log");
        Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&streamId={StreamIds.Agent(host)}")).Count.ShouldBe(4);
        // A span in which nothing happened has nothing, and is found to have it at once.
        Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&streamId={StreamIds.Agent(host)}&until=2001-01-01T00:00:00Z")).Count.ShouldBe(1);
        Rows(await plane.User.GetStringAsync($"/api/v2/audit/export?format=csv&streamId={StreamIds.Agent(host)}&from=2999-01-01T00:00:00Z")).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_cancelled_task_is_what_its_experiment_followed(bool decommissioned)
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(id, "start");
        var queued = (await Until($"experimentId={id}&type=task_queued")).GetProperty("items")[0];
        var task = queued.GetProperty("streamId").GetGuid();
        var answer = await plane.User.PostAsJsonAsync(decommissioned ? $"/api/v2/agents/{agent.HostId}/decommission" : $"/api/v2/tasks/{task}/cancel", new { reason = "gone" });
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        var failed = (await Until($"streamId={id}&type=host_failed")).GetProperty("items")[0];
        var cause = (await Detail(failed)).GetProperty("cause");
        (Type(cause), cause.GetProperty("streamId").GetGuid()).ShouldBe(("task_cancelled", task));
    }

    /// <summary>As after an upgrade to a version that finds its events in another way, and after one whose indexes nobody has told apart yet.</summary>
    [Fact]
    public async Task an_index_of_another_version_is_made_anew()
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        var view = new Infrastructure.AuditLogView(database);
        foreach (var before in (string[])
            [
                "drop index phoenix.ix_audit_actor; create index ix_audit_actor on phoenix.mt_events (user_name); comment on index phoenix.ix_audit_actor is 'made from something else'",
                "drop index phoenix.ix_audit_actor; create index ix_audit_actor on phoenix.mt_events (user_name)",
                "drop index phoenix.ix_audit_actor",
            ])
        {
            await database.CreateCommand(before).ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await view.StartAsync(TestContext.Current.CancellationToken);
            (await Definition()).ShouldContain("(user_name, seq_id)");
        }
        var made = await Oid();
        await view.StartAsync(TestContext.Current.CancellationToken);
        (await Oid()).ShouldBe(made, "a start that changes nothing builds nothing");

        async Task<string> Definition() => (string)(await database.CreateCommand("select indexdef from pg_indexes where indexname = 'ix_audit_actor'").ExecuteScalarAsync())!;
        async Task<uint> Oid() => (uint)(await database.CreateCommand("select 'phoenix.ix_audit_actor'::regclass::oid").ExecuteScalarAsync())!;
    }

    [Fact]
    public async Task a_stream_is_replayed_event_by_event_to_what_it_is_now()
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n));
        await plane.UntilState(id, "completing");
        var stream = await plane.Get($"/api/v2/streams/{id}");
        stream.GetProperty("type").GetString().ShouldBe("Experiment");
        var last = stream.GetProperty("version").GetInt64();
        var timeline = (await plane.Get($"/api/v2/experiments/{id}/timeline?limit=1000")).GetProperty("items").EnumerateArray().ToList();
        List<string> states = [];
        for (var version = 1; version <= last; version++)
        {
            var step = await plane.Get($"/api/v2/streams/{id}/versions/{version}");
            var line = timeline[version - 1];
            step.GetProperty("eventType").GetString().ShouldBe(line.GetProperty("type").GetString());
            step.GetProperty("at").GetDateTimeOffset().ShouldBe(line.GetProperty("timestamp").GetDateTimeOffset());
            JsonElement.DeepEquals(step.GetProperty("event"), line.GetProperty("data")).ShouldBeTrue();
            step.GetProperty("state").GetProperty("version").GetInt32().ShouldBe(version);
            states.Add(step.GetProperty("state").GetProperty("state").GetString()!);
        }
        states.Distinct().ShouldBe(["draft", "starting", "warmingUp", "running", "completing"]);
        stream.GetProperty("firstAt").GetDateTimeOffset().ShouldBe(timeline[0].GetProperty("timestamp").GetDateTimeOffset());
        stream.GetProperty("lastAt").GetDateTimeOffset().ShouldBe(timeline[(int)last - 1].GetProperty("timestamp").GetDateTimeOffset());
        await (await plane.User.GetAsync($"/api/v2/streams/{id}/versions/{last + 1}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.GetAsync($"/api/v2/streams/{id}/versions/0")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.GetAsync($"/api/v2/streams/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task every_kind_of_stream_has_a_state_or_says_why_not()
    {
        await plane.Running();
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        List<(Guid Id, long Version)> streams = [];
        await using (var r = await database.CreateCommand("select distinct on (type) stream_id, version from phoenix.mt_events where version <= 20 order by type, seq_id desc").ExecuteReaderAsync(TestContext.Current.CancellationToken))
            while (await r.ReadAsync(TestContext.Current.CancellationToken)) streams.Add((r.GetGuid(0), r.GetInt64(1)));
        HashSet<string?> kinds = [];
        foreach (var (id, version) in streams)
        {
            var step = await plane.Get($"/api/v2/streams/{id}/versions/{version}");
            kinds.Add(step.GetProperty("type").GetString());
            (step.GetProperty("state").ValueKind == JsonValueKind.Object).ShouldBe(step.GetProperty("stateMissing").ValueKind == JsonValueKind.Null, step.GetRawText());
            if (step.GetProperty("type").GetString() is "Experiment" or "AgentTask" or "Agent" or "Pipeline" or "PriceBook" or "User")
                step.GetProperty("state").ValueKind.ShouldBe(JsonValueKind.Object, step.GetRawText());
        }
        kinds.ShouldContain("User");
        kinds.ShouldContain("AgentTask");
        kinds.ShouldContain("PriceBook");
    }

    /// <summary>Whoever adds a kind of stream says what its events make together; one that has no state is taken out here.</summary>
    [Fact]
    public void no_kind_of_stream_was_forgotten() => StreamReads.Replayed.ShouldBe(EventStoreOptions.EventTypes.Keys, ignoreOrder: true);

    /// <summary>A host that was given labels so many times.</summary>
    async Task<string> Labelled(int times, string? reason = null)
    {
        var host = (await TestAgent.Enrol(plane)).HostId;
        for (var n = 0; n < times; n++)
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{host}/labels", new { labels = new { n = $"n-{n}" }, reason })).EnsureSuccessStatusCode();
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={StreamIds.Agent(host)}"), a => a.GetProperty("items").GetArrayLength() == times + 1, "the log");
        return host;
    }

    Task<JsonElement> Until(string filter) => Eventually.Get(() => plane.Get($"/api/v2/audit?{filter}"), a => a.GetProperty("items").GetArrayLength() > 0, filter);

    async Task<List<JsonElement>> All(string filter, string order)
    {
        List<JsonElement> all = [];
        for (var after = ""; ;)
        {
            var page = await plane.Get($"/api/v2/audit?{filter}&order={order}{after}");
            all.AddRange(page.GetProperty("items").EnumerateArray());
            if (page.GetProperty("next").GetString() is not { } next) return all;
            after = $"&after={next}";
        }
    }

    async Task<List<string>> Types(string filter) => [.. (await All(filter, "asc")).Select(Type)];

    Task<JsonElement> Detail(JsonElement e) => plane.Get($"/api/v2/audit/{Sequence(e)}");

    static string Type(JsonElement e) => e.GetProperty("type").GetString()!;

    static long Sequence(JsonElement e) => e.GetProperty("sequence").GetInt64();

    static string Text(DateTimeOffset at) => Uri.EscapeDataString(at.ToString("O"));

    /// <summary>As RFC 4180 is read.</summary>
    static List<List<string>> Rows(string csv)
    {
        List<List<string>> rows = [[]];
        StringBuilder cell = new();
        var quoted = false;
        for (var i = 0; i < csv.Length; i++)
        {
            var c = csv[i];
            if (quoted)
            {
                if (c != '"') cell.Append(c);
                else if (i + 1 < csv.Length && csv[i + 1] == '"') cell.Append(csv[++i]);
                else quoted = false;
            }
            else if (c == '"') quoted = true;
            else if (c == ',') End();
            else if (c == '\n')
            {
                End();
                rows.Add([]);
            }
            else if (c != '\r') cell.Append(c);
        }
        rows.RemoveAt(rows.Count - 1);
        return rows;

        void End()
        {
            rows[^1].Add(cell.ToString());
            cell.Clear();
        }
    }
}
