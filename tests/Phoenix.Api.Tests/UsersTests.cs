using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Alba;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Npgsql;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>On a control plane of its own, which has one admin at first.</summary>
public sealed class UsersTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    [Fact]
    public async Task a_user_is_made_with_a_secret_that_counts_once_and_with_a_name_that_no_event_has()
    {
        var name = $"Olga {Guid.NewGuid():N}";
        var (id, secret) = await plane.Registered(name, Roles.Operator);
        var olga = plane.With(await plane.Redeem(secret));
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");

        var me = await (await olga.GetAsync("/api/v2/users/me")).ShouldBe(HttpStatusCode.OK);
        (me.GetProperty("id").GetGuid(), me.GetProperty("name").GetString(), me.GetProperty("role").GetString()).ShouldBe((id, name, Roles.Operator));
        var all = (await plane.Get("/api/v2/users")).EnumerateArray().ToList();
        all[0].GetProperty("name").GetString().ShouldBe("admin");
        all.ShouldContain(u => u.GetProperty("id").GetGuid() == id);
        await (await plane.User.PostAsJsonAsync("/api/v2/users", new { name = name.ToUpperInvariant(), role = Roles.Viewer })).ShouldBeProblem(HttpStatusCode.Conflict, "name-taken");
        await (await plane.User.PostAsJsonAsync("/api/v2/users", new { name = "Otto", role = "owner" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "role-invalid");
        (await Stored(id)).ShouldBe(["user_registered", "one_time_secret_issued", "access_token_issued"]);
        (await Scalar<long>("select count(*) from phoenix.mt_events where data::text like '%Olga%' or headers::text like '%Olga%'")).ShouldBe(0);

        (await plane.User.DeleteAsync($"/api/v2/users/{id}/name?reason=asked-for")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.User.DeleteAsync($"/api/v2/users/{id}/name")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await (await olga.GetAsync("/api/v2/users/me")).ShouldBe(HttpStatusCode.OK)).GetProperty("name").GetString().ShouldBe("");
        (await Scalar<long>("select count(*) from phoenix.mt_doc_user where data::text like '%Olga%'")).ShouldBe(0);
        (await Stored(id)).Count(e => e == "user_name_erased").ShouldBe(1);
    }

    [Fact]
    public async Task a_role_that_is_changed_counts_at_once_here_and_within_seconds_on_another_node()
    {
        var person = await plane.Person(Roles.Viewer);
        await using var second = await Second();
        var there = Client(second, person.Token);
        await (await person.Http.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await there.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        (await (await plane.User.PutAsJsonAsync($"/api/v2/users/{person.Id}/role", new { role = Roles.Operator, reason = "on call" })).ShouldBe(HttpStatusCode.OK))
            .GetProperty("role").GetString().ShouldBe(Roles.Operator);
        (await person.Http.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).StatusCode.ShouldNotBe(HttpStatusCode.Forbidden);
        await WithinSeconds(async () => (await there.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).StatusCode != HttpStatusCode.Forbidden);

        await (await plane.User.PutAsJsonAsync($"/api/v2/users/{person.Id}/role", new { role = Roles.Viewer })).ShouldBe(HttpStatusCode.OK);
        await (await person.Http.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        await WithinSeconds(async () => (await there.PostAsJsonAsync("/api/v2/tasks/cancel", new { })).StatusCode == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task an_admin_who_was_dismissed_makes_no_user_on_a_node_that_has_not_heard_of_it()
    {
        var admin = await plane.Person(Roles.Admin);
        await using var second = await Second();
        var there = Client(second, admin.Token);
        var mine = await there.PostAsJsonAsync("/api/v2/users", new { name = $"u-{Guid.NewGuid():N}", role = Roles.Admin });
        var id = (await mine.ShouldBe(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await there.GetAsync("/api/v2/users/me");
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{admin.Id}/disable", new { })).ShouldBe(HttpStatusCode.OK);

        // The token is remembered there for some seconds more; by then it may count no longer at all.
        HttpStatusCode[] refused = [HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized];
        refused.ShouldContain((await there.PostAsJsonAsync("/api/v2/users", new { name = $"u-{Guid.NewGuid():N}", role = Roles.Admin })).StatusCode);
        refused.ShouldContain((await there.PostAsJsonAsync($"/api/v2/users/{id}/secret", new { })).StatusCode);
        refused.ShouldContain((await there.PostAsJsonAsync("/api/v2/auth/tokens", new { })).StatusCode);
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{id}/disable", new { })).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task disabling_a_user_ends_tokens_secret_and_live_connections_for_good()
    {
        var person = await plane.Person(Roles.Operator);
        var secret = (await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/secret", new { })).ShouldBe(HttpStatusCode.Created)).GetProperty("secret").GetString()!;
        await using var second = await Second();
        var there = Client(second, person.Token);
        (await person.Http.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await there.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var live = Live(second, person.Token);
        await using var stays = Live(second, plane.Token);
        await stays.StartAsync();
        await live.StartAsync();
        live.State.ShouldBe(HubConnectionState.Connected);

        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/disable", new { reason = "has left" })).ShouldBe(HttpStatusCode.OK);

        await (await person.Http.GetAsync("/api/v2/users/me")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await person.Http.PostAsJsonAsync("/api/v2/auth/tokens", new { })).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
        await WithinSeconds(async () => (await there.GetAsync("/api/v2/users/me")).StatusCode == HttpStatusCode.Unauthorized);
        await Eventually.Get(() => Task.FromResult(live.State), s => s == HubConnectionState.Disconnected, "the live connection to end");
        stays.State.ShouldBe(HubConnectionState.Connected);
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/secret", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "user-disabled");
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/disable", new { })).ShouldBe(HttpStatusCode.OK);
        (await Stored(person.Id)).Count(e => e == "user_disabled").ShouldBe(1);

        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/enable", new { reason = "is back" })).ShouldBe(HttpStatusCode.OK);
        (await person.Http.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "a token does not come back");
        var again = (await (await plane.User.PostAsJsonAsync($"/api/v2/users/{person.Id}/secret", new { })).ShouldBe(HttpStatusCode.Created)).GetProperty("secret").GetString()!;
        (await plane.With(await plane.Redeem(again)).GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task two_admins_who_demote_each_other_at_the_same_moment_leave_one()
    {
        var first = (await plane.Get("/api/v2/users/me")).GetProperty("id").GetGuid();
        await (await plane.User.PutAsJsonAsync($"/api/v2/users/{first}/role", new { role = Roles.Viewer })).ShouldBeProblem(HttpStatusCode.Conflict, "last-admin");
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{first}/disable", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "last-admin");
        for (var round = 0; round < 5; round++)
        {
            var other = await plane.Person(Roles.Admin);
            var answers = await Task.WhenAll(
                plane.User.PutAsJsonAsync($"/api/v2/users/{other.Id}/role", new { role = Roles.Operator }),
                other.Http.PutAsJsonAsync($"/api/v2/users/{first}/role", new { role = Roles.Operator }));
            // The second may have lost its role before it is looked at, or is told that it would leave nobody.
            answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1, string.Join(", ", answers.Select(a => a.StatusCode)));
            answers.ShouldContain(a => a.StatusCode == HttpStatusCode.Conflict || a.StatusCode == HttpStatusCode.Forbidden);
            if (answers[1].StatusCode != HttpStatusCode.OK) continue;
            await (await other.Http.PutAsJsonAsync($"/api/v2/users/{first}/role", new { role = Roles.Admin })).ShouldBe(HttpStatusCode.OK);
            await (await plane.User.PutAsJsonAsync($"/api/v2/users/{other.Id}/role", new { role = Roles.Operator })).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task of_many_redemptions_of_one_secret_at_the_same_moment_one_counts()
    {
        var (id, secret) = await plane.Registered($"u-{Guid.NewGuid():N}", Roles.Viewer);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret })));
        answers.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized).ShouldBe(7);
        (await Scalar<long>($"select count(*) from phoenix.mt_doc_accesstoken where data->>'userId' = '{id}'")).ShouldBe(1);
    }

    [Fact]
    public async Task a_new_secret_takes_the_place_of_the_one_before_and_expires()
    {
        var (id, old) = await plane.Registered($"u-{Guid.NewGuid():N}", Roles.Viewer);
        var secret = (await (await plane.User.PostAsJsonAsync($"/api/v2/users/{id}/secret", new { reason = "lost" })).ShouldBe(HttpStatusCode.Created)).GetProperty("secret").GetString()!;
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret = old })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
        await Execute($$"""update phoenix.mt_doc_firstsecret set data = data || '{"expiresAt": "2026-01-01T00:00:00+00:00"}' where id = '{{id}}'""");
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
        await (await plane.User.PostAsJsonAsync($"/api/v2/users/{Guid.NewGuid()}/secret", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task tokens_are_listed_and_ended_by_their_user_and_by_admins()
    {
        var (person, other) = (await plane.Person(Roles.Operator), await plane.Person(Roles.Operator));
        var second = (await (await person.Http.PostAsJsonAsync("/api/v2/auth/tokens", new { })).ShouldBe(HttpStatusCode.Created)).GetProperty("token").GetString()!;
        var tokens = (await (await person.Http.GetAsync("/api/v2/auth/tokens")).ShouldBe(HttpStatusCode.OK)).EnumerateArray().ToList();
        tokens.Count.ShouldBe(2);
        string IdOf(string token) => Secrets.Hash(token)[..16];
        tokens.Single(t => t.GetProperty("current").GetBoolean()).GetProperty("id").GetString().ShouldBe(IdOf(person.Token));
        tokens.ShouldAllBe(t => t.GetProperty("issuedAt").GetDateTimeOffset() < t.GetProperty("expiresAt").GetDateTimeOffset());

        await (await other.Http.GetAsync($"/api/v2/auth/tokens?userId={person.Id}")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        await (await other.Http.DeleteAsync($"/api/v2/auth/tokens/{IdOf(second)}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await other.Http.DeleteAsync("/api/v2/auth/tokens/0")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await plane.With(second).GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await person.Http.DeleteAsync($"/api/v2/auth/tokens/{IdOf(second)}?reason=lost-laptop")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await plane.With(second).GetAsync("/api/v2/users/me")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await plane.With(second).PostAsJsonAsync("/api/v2/auth/tokens", new { })).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");

        (await plane.Get($"/api/v2/auth/tokens?userId={person.Id}")).EnumerateArray().ShouldHaveSingleItem().GetProperty("current").GetBoolean().ShouldBeFalse();
        (await plane.User.DeleteAsync($"/api/v2/auth/tokens/{IdOf(person.Token)}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await person.Http.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await Stored(person.Id)).Count(e => e == "access_token_revoked").ShouldBe(2);
    }

    [Fact]
    public async Task what_was_stored_while_there_was_one_user_is_read()
    {
        var (id, hash, token) = (Guid.CreateVersion7(), Secrets.Hash("an old secret"), Secrets.New());
        await Execute(
            $$"""
            insert into phoenix.mt_doc_user (id, data, mt_dotnet_type, mt_version) values ('{{id}}', '{"id": "{{id}}", "name": "old", "role": "operator"}', 'Phoenix.Api.Identity.User', gen_random_uuid());
            insert into phoenix.mt_doc_firstsecret (id, data, mt_dotnet_type, mt_version) values ('first', '{"id": "first", "hash": "{{hash}}", "userId": "{{id}}"}', 'Phoenix.Api.Identity.FirstSecret', gen_random_uuid());
            insert into phoenix.mt_doc_accesstoken (id, data, mt_dotnet_type, mt_version) values ('{{Secrets.Hash(token)}}', '{"id": "{{Secrets.Hash(token)}}", "userId": "{{id}}", "expiresAt": "2126-01-01T00:00:00+00:00"}', 'Phoenix.Api.Identity.AccessToken', gen_random_uuid());
            """);
        var tokens = await (await plane.With(token).GetAsync("/api/v2/auth/tokens")).ShouldBe(HttpStatusCode.OK);
        tokens.EnumerateArray().ShouldHaveSingleItem().GetProperty("issuedAt").ValueKind.ShouldBe(JsonValueKind.Null);
        var made = plane.With(await plane.Redeem("an old secret"));
        (await (await made.GetAsync("/api/v2/users/me")).ShouldBe(HttpStatusCode.OK)).GetProperty("id").GetGuid().ShouldBe(id);
        (await Scalar<long>("select count(*) from phoenix.mt_doc_firstsecret where id = 'first'")).ShouldBe(0);
    }

    [Fact]
    public async Task a_start_that_reissues_the_secret_gives_it_to_somebody_who_can_administer()
    {
        var secretFile = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.secret");
        try
        {
            await using var again = await ControlPlane.Start(plane.ConnectionString, secretFile, ("PHOENIX_REISSUE_FIRST_SECRET", "1"));
            var secret = (await File.ReadAllTextAsync(secretFile)).Trim();
            var me = await (await plane.With(await plane.Redeem(secret)).GetAsync("/api/v2/users/me")).ShouldBe(HttpStatusCode.OK);
            (me.GetProperty("role").GetString(), me.GetProperty("disabled").GetBoolean()).ShouldBe((Roles.Admin, false));
        }
        finally
        {
            File.Delete(secretFile);
        }
    }

    /// <summary>Another node's word lasts as long as what is remembered there, and a little for a slow machine.</summary>
    static async Task WithinSeconds(Func<Task<bool>> condition)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Eventually.Get(condition, met => met, "the change to count on the other node");
        watch.Elapsed.ShouldBeLessThan(AccessTokens.CacheFor + TimeSpan.FromSeconds(5));
    }

    /// <summary>One request that lasts, so that nothing but the control plane ends it.</summary>
    static HubConnection Live(IAlbaHost node, string token) => new HubConnectionBuilder().WithUrl(new Uri(node.Server.BaseAddress, $"/live?access_token={token}"), options =>
    {
        options.Transports = HttpTransportType.WebSockets;
        options.SkipNegotiation = true;
        options.WebSocketFactory = async (context, cancellation) => await node.Server.CreateWebSocketClient().ConnectAsync(context.Uri, cancellation);
    }).Build();

    Task<IAlbaHost> Second() => ControlPlane.Start(plane.ConnectionString, Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.secret"));

    static HttpClient Client(IAlbaHost node, string token)
    {
        var http = node.Server.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return http;
    }

    async Task<IReadOnlyList<string>> Stored(Guid user)
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var reader = await database.CreateCommand($"select type from phoenix.mt_events where stream_id = '{user}' order by version").ExecuteReaderAsync();
        List<string> types = [];
        while (await reader.ReadAsync()) types.Add(reader.GetString(0));
        return types;
    }

    async Task<T> Scalar<T>(string sql)
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        return (T)(await database.CreateCommand(sql).ExecuteScalarAsync())!;
    }

    async Task Execute(string sql)
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand(sql).ExecuteNonQueryAsync();
    }
}
