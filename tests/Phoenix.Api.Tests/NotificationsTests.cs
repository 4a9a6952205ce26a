using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alba;
using Marten;
using Marten.Services;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Notifications;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections;
using Wolverine;

namespace Phoenix.Api.Tests;

/// <summary>Who is told of events, by a real receiver.</summary>
public sealed class NotificationsTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    readonly string _name = $"target-{Guid.NewGuid():N}";

    async Task<JsonElement> Define(Uri url, string channel = "webhook", string[]? kinds = null, string? subject = null, bool? enabled = null, HttpStatusCode status = HttpStatusCode.Created)
    {
        var answer = await Put(new { channel, url, kinds = kinds ?? ["host.*"], subject = subject ?? (kinds is null ? $"{_name}*" : null), enabled, reason = "for the test" });
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    Task<HttpResponseMessage> Put(object command) => plane.User.PutAsJsonAsync($"/api/v2/notification-targets/{_name}", command);

    /// <summary>An event about a host of which nobody else speaks.</summary>
    Task Happen(string host, object happened) => Happen(plane.Host.Services.GetRequiredService<IDocumentStore>(), host, happened);

    static async Task Happen(IDocumentStore store, string host, object happened)
    {
        await using var session = store.LightweightSession();
        session.Events.Append(StreamIds.Agent(host), happened);
        await session.SaveChangesAsync();
    }

    static AgentLost Lost(string host) => new(host, new DateTimeOffset(2026, 11, 1, 10, 0, 0, TimeSpan.Zero));

    async Task<IReadOnlyList<JsonElement>> Deliveries() => [.. (await plane.Get($"/api/v2/notification-targets/{_name}/deliveries")).GetProperty("items").EnumerateArray()];

    Task<IReadOnlyList<JsonElement>> UntilStatus(string status) =>
        Eventually.Get(Deliveries, found => found.Any(d => d.GetProperty("status").GetString() == status), $"a delivery to be {status}", 60);

    static JsonElement Json(Received received) => JsonSerializer.Deserialize<JsonElement>(received.Body);

    /// <summary>As a receiver would, with nothing of Phoenix: HMAC-SHA256 of <c>id.timestamp.body</c> under the bytes after <c>whsec_</c>.</summary>
    static string Signature(Received received, string secret)
    {
        using var mac = new HMACSHA256(Convert.FromBase64String(secret.Replace("whsec_", "", StringComparison.Ordinal)));
        var signed = Encoding.UTF8.GetBytes(received.Headers["webhook-id"] + "." + received.Headers["webhook-timestamp"] + "." + Encoding.UTF8.GetString(received.Body));
        return "v1," + Convert.ToBase64String(mac.ComputeHash(signed));
    }

    [Fact]
    public async Task a_webhook_is_told_in_order_and_signed_of_what_happens_and_not_of_the_past()
    {
        await using var receiver = await Receiver.Start();
        var (before, _) = await plane.Running();
        var target = await Define(new(receiver.Address, "/hook?token=t0psecret"), kinds: ["experiment.*"]);
        var secret = target.GetProperty("secret").GetString()!;

        var (after, agent) = await plane.Running();
        await plane.Command(after, "stop");
        await agent.DoNext();
        await plane.UntilState(after, "stopped");

        var received = await receiver.Until(all => all.Count >= 2, "both events to be told");
        received.Select(r => Json(r).GetProperty("kind").GetString()).ShouldBe(["experiment.started", "experiment.stopped"]);
        foreach (var one in received)
        {
            one.Headers["webhook-signature"].ShouldBe(Signature(one, secret));
            Math.Abs(long.Parse(one.Headers["webhook-timestamp"]) - DateTimeOffset.UtcNow.ToUnixTimeSeconds()).ShouldBeLessThan(60);
            Json(one).GetProperty("stream").GetProperty("id").GetGuid().ShouldBe(after);
            Json(one).GetProperty("stream").GetProperty("type").GetString().ShouldBe("experiment");
            Json(one).GetProperty("subject").GetString().ShouldBe("e");
            Json(one).GetProperty("link").GetString().ShouldBe($"/api/v2/experiments/{after}");
        }
        Json(received[0]).GetProperty("text").GetString().ShouldBe("Experiment 'e' began on 1 host.");
        Json(received[0]).GetProperty("data").GetProperty("hosts").GetInt32().ShouldBe(1);
        Json(received[0]).GetProperty("sequence").GetInt64().ShouldBeLessThan(Json(received[1]).GetProperty("sequence").GetInt64());

        var deliveries = await Eventually.Get(Deliveries, all => all.Count == 2 && all.All(d => d.GetProperty("status").GetString() == "delivered"), "both to be delivered");
        deliveries.Select(d => d.GetProperty("id").GetString()).ShouldBe(received.Reverse().Select(r => r.Headers["webhook-id"]));
        receiver.All.ShouldNotContain(r => Json(r).GetProperty("stream").GetProperty("id").GetGuid() == before);

        // What is secret is nowhere but in its own document.
        foreach (var path in (string[])["/api/v2/notification-targets", $"/api/v2/notification-targets/{_name}", $"/api/v2/audit?streamId={StreamIds.NotificationTarget(_name)}"])
        {
            var text = (await plane.Get(path)).GetRawText();
            text.ShouldNotContain("t0psecret");
            text.ShouldNotContain(secret);
        }
    }

    /// <summary>Longer than the daemon waits for a number that is missing, unless somebody may still bring it.</summary>
    [Fact]
    public async Task an_event_whose_transaction_takes_long_is_told_nevertheless()
    {
        await using var receiver = await Receiver.Start();
        await Define(new(receiver.Address, "/hook"));
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var slow = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession(SessionOptions.ForTransaction(transaction)))
        {
            slow.Events.Append(StreamIds.Agent(_name + "-slow"), Lost(_name + "-slow"));
            await slow.SaveChangesAsync();
        }
        await Happen(_name + "-quick", Lost(_name + "-quick"));
        var since = DateTimeOffset.UtcNow;
        await Eventually.Get(() => Task.FromResult(DateTimeOffset.UtcNow - since), waited => waited > 2 * ((DocumentStore)plane.Host.Services.GetRequiredService<IDocumentStore>()).Options.Projections.StaleSequenceThreshold, "twice the daemon's patience to pass");
        await transaction.CommitAsync();

        var told = await receiver.Until(all => all.Count >= 2, "both to be told");
        told.Select(r => Json(r).GetProperty("subject").GetString()).ShouldBe([_name + "-slow", _name + "-quick"]);
    }

    /// <summary>The log is read late here: what was before the target is met when the target is there.</summary>
    [Fact]
    public async Task the_past_is_not_told_though_it_is_read_after_the_target_was_defined()
    {
        await using var receiver = await Receiver.Start();
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var slow = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession(SessionOptions.ForTransaction(transaction)))
        {
            slow.Events.Append(StreamIds.Agent(_name + "-holds-up"), Lost(_name + "-holds-up"));
            await slow.SaveChangesAsync();
        }
        await Happen(_name + "-past", Lost(_name + "-past"));
        await Define(new(receiver.Address, "/hook"));
        await Happen(_name + "-now", Lost(_name + "-now"));
        await transaction.CommitAsync();

        await receiver.Until(all => all.Any(r => Json(r).GetProperty("subject").GetString() == _name + "-now"), "what is new to be told");
        receiver.All.Select(r => Json(r).GetProperty("subject").GetString()).ShouldBe([_name + "-now"]);
    }

    [Fact]
    public async Task what_waits_to_be_sent_again_is_dropped_when_the_target_is_disabled()
    {
        await using var receiver = await Receiver.Start((http, _) => { http.Response.StatusCode = 503; return Task.CompletedTask; });
        await Define(new(receiver.Address, "/hook"));
        await Happen(_name, Lost(_name));
        await UntilStatus("retrying");
        await Define(new(receiver.Address, "/hook"), enabled: false, status: HttpStatusCode.OK);
        (await UntilStatus("dropped")).ShouldHaveSingleItem().GetProperty("attempts").GetInt32().ShouldBe(1);
        receiver.All.Count.ShouldBe(1);
    }

    /// <summary>The retry comes when the target is enabled again: it is of the time that the target is not told of.</summary>
    [Theory]
    [InlineData("disabled and enabled")]
    [InlineData("removed and defined")]
    public async Task what_waits_to_be_sent_again_is_not_sent_to_a_target_that_began_anew_meanwhile(string how)
    {
        var down = true;
        await using var receiver = await Receiver.Start((http, _) => { http.Response.StatusCode = Volatile.Read(ref down) ? 503 : 200; http.Response.Headers.RetryAfter = "7"; return Task.CompletedTask; });
        await Define(new(receiver.Address, "/hook"));
        await Happen(_name + "-before", Lost(_name + "-before"));
        await UntilStatus("retrying");
        if (how == "removed and defined")
        {
            (await plane.User.DeleteAsync($"/api/v2/notification-targets/{_name}?reason=test")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            await Define(new(receiver.Address, "/hook"));
        }
        else
        {
            await Define(new(receiver.Address, "/hook"), enabled: false, status: HttpStatusCode.OK);
            await Define(new(receiver.Address, "/hook"), enabled: true, status: HttpStatusCode.OK);
        }
        Volatile.Write(ref down, false);
        await Happen(_name + "-after", Lost(_name + "-after"));

        var ended = await Eventually.Get(Deliveries, all => all.Count == 2 && all.All(d => d.GetProperty("status").GetString() is "delivered" or "dropped"), "both to have ended", 60);
        ended.Select(d => (d.GetProperty("subject").GetString(), d.GetProperty("status").GetString())).ShouldBe([(_name + "-after", "delivered"), (_name + "-before", "dropped")]);
        receiver.Taken.Select(r => Json(r).GetProperty("subject").GetString()).ShouldBe([_name + "-after"]);
    }

    [Fact]
    public async Task a_receiver_that_begins_its_answer_and_never_ends_it_has_refused_all_the_same()
    {
        await using var receiver = await Receiver.Start(async (http, _) =>
        {
            http.Response.StatusCode = 404;
            await http.Response.WriteAsync("no_ser");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await Define(new(receiver.Address, "/services/T000/B000/hush-hush"), "slack");
        var refused = await Tested();
        refused.GetProperty("httpStatus").GetInt32().ShouldBe(404);
        refused.GetProperty("error").GetString().ShouldBe("The receiver answered 404.");
        refused.GetProperty("milliseconds").GetDouble().ShouldBeLessThan(15_000);
    }

    /// <summary>The rotation holds the stream while the new address waits for it, as any two requests at the same time may.</summary>
    [Fact]
    public async Task a_secret_that_is_rotated_while_the_address_changes_stays()
    {
        await using var receiver = await Receiver.Start();
        await Define(new(receiver.Address, "/before"));
        var rotated = NotificationSecret.New();
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            """
            with stream as materialized (select id from phoenix.mt_streams where id = $1 for update)
            update phoenix.mt_doc_notificationsecret s set data = jsonb_set(s.data, '{secret}', to_jsonb($2::text)) from stream where s.id = stream.id
            """, connection, transaction) { Parameters = { new() { Value = StreamIds.NotificationTarget(_name) }, new() { Value = rotated } } };
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
        var changed = Define(new(receiver.Address, "/after"), status: HttpStatusCode.OK);
        await Waiting(database, connection.ProcessID);
        await transaction.CommitAsync();
        await changed;

        (await Tested()).GetProperty("delivered").GetBoolean().ShouldBeTrue();
        var told = receiver.All.ShouldHaveSingleItem();
        told.Path.ShouldBe("/after");
        told.Headers["webhook-signature"].ShouldBe(Signature(told, rotated));
    }

    /// <summary>Until somebody waits for what the process has locked.</summary>
    internal static Task<long> Waiting(NpgsqlDataSource database, int process) => Eventually.Get(async () =>
    {
        await using var command = database.CreateCommand("select count(*) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))");
        command.Parameters.Add(new() { Value = process });
        return (long)(await command.ExecuteScalarAsync())!;
    }, n => n > 0, "the other request to wait for the lock");

    [Fact]
    public async Task what_became_of_a_notification_is_kept_for_thirty_days()
    {
        await using var receiver = await Receiver.Start();
        await Define(new(receiver.Address, "/hook"));
        await Happen(_name + "-old", Lost(_name + "-old"));
        await UntilStatus("delivered");
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await Age(29);
        await Happen(_name + "-next", Lost(_name + "-next"));
        await Eventually.Get(Deliveries, all => all.Count == 2, "the next to be told beside the old one");
        await Age(31);
        await Happen(_name + "-last", Lost(_name + "-last"));
        var kept = await Eventually.Get(Deliveries, all => all.Any(d => d.GetProperty("subject").GetString() == _name + "-last"), "the last to be told");
        kept.Select(d => d.GetProperty("subject").GetString()).ShouldBe([_name + "-last", _name + "-next"]);

        async Task Age(int days)
        {
            await using var command = database.CreateCommand("update phoenix.notification_delivery set queued_at = now() - $2 where subject = $1");
            command.Parameters.Add(new() { Value = _name + "-old" });
            command.Parameters.Add(new() { Value = TimeSpan.FromDays(days) });
            (await command.ExecuteNonQueryAsync()).ShouldBe(1);
        }
    }

    [Fact]
    public async Task what_did_not_arrive_is_sent_again_under_the_same_id()
    {
        await using var receiver = await Receiver.Start((http, before) => { http.Response.StatusCode = before == 0 ? 500 : 204; http.Response.Headers.RetryAfter = "7"; return Task.CompletedTask; });
        await Define(new(receiver.Address, "/hook"));
        await Happen(_name + "-1", Lost(_name + "-1"));

        var waiting = (await UntilStatus("retrying")).ShouldHaveSingleItem();
        waiting.GetProperty("error").GetString().ShouldBe("The receiver answered 500.");
        // Without Retry-After it would be 4 to 6 s.
        (waiting.GetProperty("nextAttemptAt").GetDateTimeOffset() - waiting.GetProperty("changedAt").GetDateTimeOffset()).TotalSeconds.ShouldBeInRange(6.5, 9);
        var delivered = (await UntilStatus("delivered")).ShouldHaveSingleItem();
        delivered.GetProperty("attempts").GetInt32().ShouldBe(2);
        delivered.GetProperty("error").ValueKind.ShouldBe(JsonValueKind.Null);
        receiver.All.Select(r => r.Headers["webhook-id"]).Distinct().ShouldHaveSingleItem();
        receiver.All.Select(r => r.Answer).ShouldBe([500, 204]);

        // As after a node that died between the receiver's answer and its own commit, where that had been made after all: the message comes again.
        var id = receiver.All[0].Headers["webhook-id"];
        await using (var scope = plane.Host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync(new DeliverNotification(
                StreamIds.NotificationTarget(_name), Guid.ParseExact(id["msg_".Length..], "N"), JsonSerializer.Deserialize<NotificationBody>(receiver.All[0].Body, EventStoreOptions.Json)!, 2));
        receiver.All.Count.ShouldBe(2);
    }

    [Fact]
    public async Task what_was_refused_is_kept_and_sent_when_the_cause_is_mended()
    {
        var mended = false;
        await using var receiver = await Receiver.Start((http, _) => { http.Response.StatusCode = Volatile.Read(ref mended) ? 200 : 410; return Task.CompletedTask; });
        await Define(new(receiver.Address, "/hook"), subject: _name);
        await Happen(_name, Lost(_name));
        (await UntilStatus("dead")).ShouldHaveSingleItem().GetProperty("httpStatus").GetInt32().ShouldBe(410);
        receiver.All.Count.ShouldBe(1);

        var dead = await Eventually.Get(Dead, found => found.Count == 1, "the message to be among the dead");
        Volatile.Write(ref mended, true);
        (await plane.User.PostAsJsonAsync("/api/v2/dead-messages/replay", new { ids = dead })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilStatus("delivered");
        receiver.Taken.Count.ShouldBe(1);
        receiver.All.Select(r => r.Headers["webhook-id"]).Distinct().ShouldHaveSingleItem();

        async Task<List<Guid>> Dead()
        {
            var answer = await plane.User.PostAsJsonAsync("/api/v2/dead-messages", new { pageSize = 100 });
            return [.. (await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray().SelectMany(d => d.GetProperty("envelopes").EnumerateArray())
                .Where(m => m.GetProperty("exceptionMessage").GetString()!.Contains($"Target '{_name}'", StringComparison.Ordinal)).Select(m => m.GetProperty("id").GetGuid())];
        }
    }

    [Fact]
    public async Task a_disabled_target_is_told_nothing_and_later_not_of_what_it_missed()
    {
        await using var receiver = await Receiver.Start();
        await using var witness = await Receiver.Start();
        await Define(new(receiver.Address, "/hook"));
        (await plane.User.PutAsJsonAsync($"/api/v2/notification-targets/{_name}-witness", new { channel = "webhook", url = witness.Address, kinds = new[] { "host.lost" }, subject = $"{_name}*" }))
            .StatusCode.ShouldBe(HttpStatusCode.Created);
        await Define(new(receiver.Address, "/hook"), enabled: false, status: HttpStatusCode.OK);
        await Happen(_name + "-missed", Lost(_name + "-missed"));
        await witness.Until(all => all.Count == 1, "the witness to be told");
        await Define(new(receiver.Address, "/hook"), enabled: true, status: HttpStatusCode.OK);
        await Happen(_name + "-told", Lost(_name + "-told"));

        var told = await receiver.Until(all => all.Count >= 1, "the target to be told again");
        await witness.Until(all => all.Count == 2, "the witness to be told of both");
        told.Select(r => Json(r).GetProperty("subject").GetString()).ShouldBe([_name + "-told"]);
        (await Deliveries()).Count.ShouldBe(1);

        (await plane.User.DeleteAsync($"/api/v2/notification-targets/{_name}?reason=test")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Happen(_name + "-after", Lost(_name + "-after"));
        await witness.Until(all => all.Count == 3, "the witness to be told of all three");
        receiver.All.Count.ShouldBe(1);
        await (await plane.User.GetAsync($"/api/v2/notification-targets/{_name}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        // The same name again is a new target.
        (await Define(new(receiver.Address, "/hook"))).GetProperty("secret").GetString().ShouldNotBeNull();
        await Happen(_name + "-again", Lost(_name + "-again"));
        (await receiver.Until(all => all.Count >= 2, "the new target to be told")).Select(r => Json(r).GetProperty("subject").GetString()).ShouldBe([_name + "-told", _name + "-again"]);
    }

    [Fact]
    public async Task slack_is_sent_text_that_calls_nobody_and_its_address_is_told_to_nobody()
    {
        await using var receiver = await Receiver.Start();
        var view = await Define(new(receiver.Address, "/services/T000/B000/hush-hush"), "slack", ["host.lost"], $"*{_name}");
        view.GetProperty("secret").ValueKind.ShouldBe(JsonValueKind.Null);
        view.GetRawText().ShouldNotContain("hush-hush");
        var host = $"<!channel>&{_name}";
        await Happen(host, Lost(host));

        var message = Json((await receiver.Until(all => all.Count == 1, "the channel to be told")).Single());
        message.GetProperty("text").GetString().ShouldBe($"Host '&lt;!channel&gt;&amp;{_name}' is lost: last heard of at 2026-11-01 10:00:00 UTC.");
        message.GetProperty("blocks")[0].GetProperty("text").GetProperty("type").GetString().ShouldBe("mrkdwn");
        receiver.All.Single().Headers.ShouldNotContainKey("webhook-signature");
        await (await plane.User.PostAsJsonAsync($"/api/v2/notification-targets/{_name}/rotate-secret", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "notification-not-signed");
        (await plane.Get($"/api/v2/audit?streamId={StreamIds.NotificationTarget(_name)}")).GetRawText().ShouldNotContain("hush-hush");
    }

    [Fact]
    public async Task both_secrets_sign_for_a_while_after_a_rotation()
    {
        await using var receiver = await Receiver.Start();
        var old = (await Define(new(receiver.Address, "/hook"))).GetProperty("secret").GetString()!;
        var current = await Rotate(24);
        await Test();
        receiver.All[0].Headers["webhook-signature"].Split(' ').ShouldBe([Signature(receiver.All[0], current), Signature(receiver.All[0], old)]);
        var last = await Rotate(0);
        await Test();
        receiver.All[1].Headers["webhook-signature"].ShouldBe(Signature(receiver.All[1], last));

        async Task<string> Rotate(double overlapHours)
        {
            var answer = await plane.User.PostAsJsonAsync($"/api/v2/notification-targets/{_name}/rotate-secret", new { overlapHours, reason = "test" });
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
            return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
        }

        async Task Test() => (await Tested()).GetProperty("delivered").GetBoolean().ShouldBeTrue();
    }

    async Task<JsonElement> Tested()
    {
        var answer = await plane.User.PostAsync($"/api/v2/notification-targets/{_name}/test", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    [Fact]
    public async Task a_redirect_is_not_followed_and_machine_credentials_of_a_cloud_are_out_of_reach()
    {
        await using var elsewhere = await Receiver.Start();
        await using var receiver = await Receiver.Start((http, _) => { http.Response.Redirect(elsewhere.Address.ToString(), permanent: false, preserveMethod: true); return Task.CompletedTask; });
        await Define(new(receiver.Address, "/hook"));
        var redirected = await Tested();
        redirected.GetProperty("delivered").GetBoolean().ShouldBeFalse();
        redirected.GetProperty("httpStatus").GetInt32().ShouldBe(307);
        elsewhere.All.ShouldBeEmpty();

        foreach (var address in (string[])["http://169.254.169.254/latest/meta-data", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[fe80::1]/"])
        {
            await Define(new(address), status: HttpStatusCode.OK);
            var refused = await Tested();
            refused.GetProperty("delivered").GetBoolean().ShouldBeFalse();
            refused.GetProperty("error").GetString()!.ShouldContain("may not connect");
        }
    }

    [Fact]
    public async Task what_makes_no_target_is_refused_with_the_field()
    {
        await (await Put(new { channel = "webhook", kinds = new[] { "host.lost" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "address-missing");
        await (await Put(new { channel = "webhook", url = "ftp://example.com", kinds = new[] { "host.lost" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "address-invalid");
        await (await Put(new { channel = "webhook", url = "https://u:p@example.com", kinds = new[] { "host.lost" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "address-holds-secret");
        await (await Put(new { url = "https://example.com", kinds = new[] { "host.lost" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "notification-channel-missing");
        await (await Put(new { channel = "webhook", url = "https://example.com" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "notification-kinds-missing");
        await (await Put(new { channel = "webhook", url = "https://example.com", kinds = new[] { "host.exploded" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "notification-kind-unknown");
        await (await plane.User.PostAsync($"/api/v2/notification-targets/{_name}/test", null)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await plane.User.GetFromJsonAsync<string[]>("/api/v2/notification-kinds"))!.ShouldContain("experiment.verdict");
    }
}

/// <summary>Nodes that stop between an event and its delivery, on a database of their own.</summary>
public sealed class NotificationsOverRestartsTests : IAsyncLifetime
{
    readonly string _database = $"phoenix_test_{Guid.NewGuid():N}";
    string _connection = "";
    string _secretFile = "";

    public async ValueTask InitializeAsync()
    {
        await using (var server = NpgsqlDataSource.Create(ControlPlane.ServerConnectionString))
            await server.CreateCommand($"create database {_database}").ExecuteNonQueryAsync();
        _connection = new NpgsqlConnectionStringBuilder(ControlPlane.ServerConnectionString) { Database = _database }.ConnectionString;
        _secretFile = Path.Combine(Path.GetTempPath(), $"{_database}.secret");
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(_secretFile);
        await ControlPlane.Drop(_database);
    }

    [Fact]
    public async Task an_event_is_told_once_though_the_node_stops_before_or_after_it_was_sent_in_vain()
    {
        var down = true;
        await using var receiver = await Receiver.Start((http, _) =>
        {
            http.Response.StatusCode = Volatile.Read(ref down) ? 503 : 200;
            return Task.CompletedTask;
        });
        await using (var first = await ControlPlane.Start(_connection, _secretFile))
        {
            await Define(first, receiver);
            await Happen(first.Services.GetRequiredService<IDocumentStore>(), "in-vain");
            await receiver.Until(all => all.Count >= 1, "the first attempt");
            await Eventually.Get(Retrying, n => n == 1, "the next attempt to be written down");
        }
        Volatile.Write(ref down, false);
        // While no node is there.
        await using (var store = DocumentStore.For(options => { options.ConfigurePhoenix(); options.Connection(_connection); }))
            await Happen(store, "unseen");

        await using var second = await ControlPlane.Start(_connection, _secretFile);
        await receiver.Until(_ => receiver.Taken.Count >= 2, "both to be told", 90);
        // A third event, told after both: had one of them been sent twice, it would have been by now.
        await Happen(second.Services.GetRequiredService<IDocumentStore>(), "last");
        await receiver.Until(_ => receiver.Taken.Any(r => Subject(r) == "last"), "the last to be told");
        receiver.Taken.Select(Subject).Order().ShouldBe(["in-vain", "last", "unseen"]);
        receiver.All.Where(r => Subject(r) == "in-vain").Select(r => r.Headers["webhook-id"]).Distinct().ShouldHaveSingleItem();

        async Task<long> Retrying()
        {
            await using var database = NpgsqlDataSource.Create(_connection);
            return (long)(await database.CreateCommand("select count(*) from phoenix.notification_delivery where status = 'retrying'").ExecuteScalarAsync())!;
        }
    }

    [Fact]
    public async Task several_nodes_tell_each_event_once_also_when_one_of_them_goes()
    {
        await using var receiver = await Receiver.Start();
        var first = await ControlPlane.Start(_connection, _secretFile);
        try
        {
            await Define(first, receiver);
            await using var second = await ControlPlane.Start(_connection, _secretFile + "-second");
            var stores = new[] { first, second }.Select(h => h.Services.GetRequiredService<IDocumentStore>()).ToList();
            for (var i = 0; i < 20; i++) await Happen(stores[i % 2], $"both-{i}");
            await receiver.Until(all => all.Count >= 20, "twenty events to be told", 90);
            // In the midst of work.
            for (var i = 0; i < 20; i++) await Happen(stores[1], $"one-{i}");
            await first.DisposeAsync();
            await Happen(stores[1], "last");
            await receiver.Until(all => all.Any(r => Subject(r) == "last") && all.Select(Subject).Distinct().Count() == 41, "all to be told by the node that is left", 90);
            receiver.All.Select(Subject).Distinct().Count().ShouldBe(receiver.All.Count);
        }
        finally
        {
            await first.DisposeAsync();
        }
    }

    async Task Define(IAlbaHost host, Receiver receiver)
    {
        using var user = host.Server.CreateClient();
        var issued = await user.PostAsJsonAsync("/api/v2/auth/tokens", new { secret = (await File.ReadAllTextAsync(_secretFile)).Trim() });
        user.DefaultRequestHeaders.Authorization = new("Bearer", (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString());
        (await user.PutAsJsonAsync("/api/v2/notification-targets/ops", new { channel = "webhook", url = receiver.Address, kinds = new[] { "host.lost" } })).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    static string Subject(Received received) => JsonSerializer.Deserialize<JsonElement>(received.Body).GetProperty("subject").GetString()!;

    static async Task Happen(IDocumentStore store, string host)
    {
        await using var session = store.LightweightSession();
        session.Events.Append(StreamIds.Agent(host), new AgentLost(host, DateTimeOffset.UnixEpoch));
        await session.SaveChangesAsync();
    }
}
