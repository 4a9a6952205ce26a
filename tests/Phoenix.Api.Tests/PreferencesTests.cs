using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Identity;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>What a user keeps for themselves: saved views and how the dashboard looks.</summary>
[Collection(nameof(ControlPlane))]
public sealed class PreferencesTests(ControlPlane plane)
{
    const string Views = "/api/v2/users/me/views", Preferences = "/api/v2/users/me/preferences";

    [Fact]
    public async Task views_are_saved_replaced_listed_by_name_and_deleted_by_their_user_alone()
    {
        var (me, other) = (await plane.Person(Roles.Viewer), await plane.Person(Roles.Viewer));
        (await Read(me, Views)).GetArrayLength().ShouldBe(0);
        await Save(me, "running ü", new { page = "experiments", search = new { state = new[] { "running" }, page = 2, open = true, none = (string?)null } });
        await Save(me, "all", new { page = "fleet", search = new { } });
        await Save(me, "running ü", new { page = "experiments", search = new { state = "completed", text = "a\0b" } });

        var views = await Read(me, Views);
        views.EnumerateArray().Select(v => v.GetProperty("name").GetString()).ShouldBe(["all", "running ü"]);
        views[1].GetProperty("page").GetString().ShouldBe("experiments");
        views[1].GetProperty("search").GetProperty("state").GetString().ShouldBe("completed");
        views[1].GetProperty("search").GetProperty("text").GetString().ShouldBe("a\0b");
        views[1].GetProperty("savedAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-5));
        (await Read(other, Views)).GetArrayLength().ShouldBe(0);

        (await other.Http.DeleteAsync($"{Views}/all")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Read(me, Views)).GetArrayLength().ShouldBe(2, "it was not the other's to delete");
        (await me.Http.DeleteAsync($"{Views}/{Uri.EscapeDataString("running ü")}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await me.Http.DeleteAsync($"{Views}/{Uri.EscapeDataString("running ü")}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Read(me, Views)).EnumerateArray().Select(v => v.GetProperty("name").GetString()).ShouldBe(["all"]);
    }

    [Fact]
    public async Task a_user_has_a_hundred_views_at_most()
    {
        var me = await plane.Person(Roles.Viewer);
        for (var n = 0; n < SavedViewEndpoints.MaxViews; n++) await Save(me, $"v{n}", new { page = "fleet", search = new { } });
        await (await me.Http.PutAsJsonAsync($"{Views}/one-more", new { page = "fleet", search = new { } })).ShouldBeProblem(HttpStatusCode.Conflict, "views-full");
        await Save(me, "v7", new { page = "tasks", search = new { } });
        (await me.Http.DeleteAsync($"{Views}/v8")).EnsureSuccessStatusCode();
        await Save(me, "one-more", new { page = "fleet", search = new { } });
    }

    [Fact]
    public async Task a_view_that_makes_no_sense_is_refused()
    {
        var me = await plane.Person(Roles.Viewer);
        await Refused("x", new { search = new { } }, "view-page-invalid", "page");
        await Refused("x", new { page = new string('p', 201), search = new { } }, "view-page-invalid", "page");
        await Refused("x", new { page = "fleet" }, "view-search-invalid", "search");
        await Refused("x", new { page = "fleet", search = new[] { 1 } }, "view-search-invalid", "search");
        await Refused("x", new { page = "fleet", search = new { text = new string('x', SavedViewEndpoints.MaxSearchLength) } }, "view-search-invalid", "search");
        await Refused(new string('n', 101), new { page = "fleet", search = new { } }, "view-name-invalid", "name");
        await Refused("a%0Ab", new { page = "fleet", search = new { } }, "view-name-invalid", "name");
        // Half of a surrogate pair is no text.
        var half = await me.Http.PutAsync($"{Views}/x", new StringContent("""{"page":"fleet","search":{"text":"\ud800"}}""", Encoding.UTF8, "application/json"));
        await half.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "view-search-invalid");
        (await Read(me, Views)).GetArrayLength().ShouldBe(0);

        async Task Refused(string name, object view, string code, string field)
        {
            var answer = await me.Http.PutAsJsonAsync($"{Views}/{name}", view);
            await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString().ShouldBe(field);
        }
    }

    [Fact]
    public async Task preferences_are_the_users_own_and_have_a_beginning()
    {
        var (me, other) = (await plane.Person(Roles.Viewer), await plane.Person(Roles.Viewer));
        (await Read(me, Preferences)).ToString().ShouldBe("""{"colourScheme":"auto","timeZone":"local","density":"comfortable"}""");
        var set = await (await me.Http.PutAsJsonAsync(Preferences, new { colourScheme = "dark", timeZone = "Europe/Berlin", density = "compact" })).ShouldBe(HttpStatusCode.OK);
        (await Read(me, Preferences)).ToString().ShouldBe(set.ToString());
        set.ToString().ShouldBe("""{"colourScheme":"dark","timeZone":"Europe/Berlin","density":"compact"}""");
        (await Read(other, Preferences)).GetProperty("colourScheme").GetString().ShouldBe("auto");
        foreach (var zone in (string[])["UTC", "local"])
            (await (await me.Http.PutAsJsonAsync(Preferences, new { timeZone = zone })).ShouldBe(HttpStatusCode.OK)).GetProperty("timeZone").GetString().ShouldBe(zone);
        (await Read(me, Preferences)).GetProperty("colourScheme").GetString().ShouldBe("auto", "what is left out is as at the beginning");
        foreach (var zone in (string[])["Atlantis", "", "../../etc/passwd", new string('x', 1000)])
            await (await me.Http.PutAsJsonAsync(Preferences, new { timeZone = zone })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "time-zone-invalid");
        await (await me.Http.PutAsJsonAsync(Preferences, new { colourScheme = "pink" })).ShouldBeProblem(HttpStatusCode.BadRequest, "request-malformed");
    }

    [Fact]
    public async Task they_go_when_the_users_name_is_erased_and_nothing_of_them_was_an_event()
    {
        var (me, other) = (await plane.Person(Roles.Operator), await plane.Person(Roles.Viewer));
        foreach (var person in (Person[])[me, other])
        {
            await Save(person, "mine", new { page = "experiments", search = new { text = "what Ada looks for" } });
            (await person.Http.PutAsJsonAsync(Preferences, new { colourScheme = "light" })).EnsureSuccessStatusCode();
        }
        (await Count($"select count(*) from phoenix.mt_events where data::text like '%what Ada looks for%'")).ShouldBe(0);
        (await plane.User.DeleteAsync($"/api/v2/users/{me.Id}/name?reason=left")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Count($"select count(*) from phoenix.mt_doc_savedview where id like '{me.Id:N}/%'")).ShouldBe(0);
        (await Count($"select count(*) from phoenix.mt_doc_userpreferences where id = '{me.Id}'")).ShouldBe(0);
        (await Read(other, Views)).GetArrayLength().ShouldBe(1);
        (await Read(other, Preferences)).GetProperty("colourScheme").GetString().ShouldBe("light");
    }

    static async Task<JsonElement> Read(Person person, string path) => await (await person.Http.GetAsync(path)).ShouldBe(HttpStatusCode.OK);

    static async Task Save(Person person, string name, object view) =>
        await (await person.Http.PutAsJsonAsync($"{Views}/{Uri.EscapeDataString(name)}", view)).ShouldBe(HttpStatusCode.OK);

    async Task<long> Count(string sql)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
