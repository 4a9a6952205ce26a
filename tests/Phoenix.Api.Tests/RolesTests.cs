using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Identity;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>Every endpoint that the running control plane has. On one of its own, where nothing else appends events.</summary>
public sealed partial class RolesTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    /// <summary>What is for everybody, or for others than users. Whoever adds to it has thought of it.</summary>
    static readonly string[] NotForUsers =
    [
        "GET /", "* /health/live", "* /health/ready", "GET /openapi/{documentName}.json", "GET /reference/*",
        "GET /api/v2/signing-keys", "POST /api/v2/agents/enrol", "POST /api/v2/auth/tokens", "POST /api/v2/auth/session",
        "GET /api/v2/tasks/poll", "POST /api/v2/tasks/{taskId:guid}/progress", "POST /api/v2/tasks/{taskId:guid}/result", "POST /api/v2/agents/heartbeat",
        "POST /api/v2/tasks/{taskId:guid}/logs", "POST /api/v2/measurements", "POST /api/v2/usage", "POST /api/v2/flow", "GET /api/v2/agent-releases/{version}/{runtime}", "GET /api/v2/agent-releases/{version}/{runtime}/{file}",
        "* /metrics",
    ];

    /// <summary>What a viewer may do besides reading by GET: it reads too, or concerns their own tokens.</summary>
    static readonly string[] ForViewers =
    [
        "POST /api/v2/experiments/overlaps", "POST /api/v2/catalogue/{name}/render", "POST /api/v2/dead-messages", "DELETE /api/v2/auth/tokens/{id}", "DELETE /api/v2/auth/session",
        "PUT /api/v2/users/me/views/{name}", "DELETE /api/v2/users/me/views/{name}", "PUT /api/v2/users/me/preferences",
        "POST /api/v2/pipelines/check",
        "* /live", "* /live/negotiate",
    ];

    /// <summary>What a viewer may not even read: text that programs on somebody's host wrote for themselves.</summary>
    static readonly string[] ReadByOperators = ["GET /api/v2/host-logs/{id}"];

    static readonly string[] ForAdmins =
    [
        "POST /api/v2/users", "PUT /api/v2/users/{id}/role", "POST /api/v2/users/{id}/secret", "POST /api/v2/users/{id}/disable", "POST /api/v2/users/{id}/enable",
        "DELETE /api/v2/users/{id}/name", "POST /api/v2/signing-keys",
        "POST /api/v2/prices", "PUT /api/v2/prices/{id}/{validFrom}", "DELETE /api/v2/prices/{id}/{validFrom}", "PUT /api/v2/contracts/{id}", "DELETE /api/v2/contracts/{id}",
        "PUT /api/v2/exchange-rates/{from}/{to}/{on}", "DELETE /api/v2/exchange-rates/{from}/{to}/{on}", "PUT /api/v2/operator-rates/{on}", "DELETE /api/v2/operator-rates/{on}",
        "PUT /api/v2/backends/{name}", "DELETE /api/v2/backends/{name}", "PUT /api/v2/notification-targets/{name}", "DELETE /api/v2/notification-targets/{name}",
        "POST /api/v2/notification-targets/{name}/rotate-secret",
        "POST /api/v2/agents/{hostId}/decommission", "PUT /api/v2/change-policy", "POST /api/v2/dead-messages/replay", "DELETE /api/v2/dead-messages",
    ];

    sealed record Route(string Method, string Pattern, EndpointMetadataCollection Metadata)
    {
        public string Needed => RequireRoleAttribute.Of(Metadata, Method);

        public bool ForUsers => !Metadata.OfType<IAllowAnonymous>().Any() && !Metadata.OfType<IAuthorizeData>().Any();

        public override string ToString() => $"{Method} {Pattern}";
    }

    [Fact]
    public void each_endpoint_asks_for_the_role_that_it_should()
    {
        var routes = Routes();
        routes.Count.ShouldBeGreaterThan(80);
        routes.Where(r => !r.ForUsers).Select(r => r.ToString()).ShouldBe(NotForUsers, ignoreOrder: true);
        routes.Where(r => r.ForUsers && r.Method != "GET" && r.Needed == Roles.Viewer).Select(r => r.ToString()).ShouldBe(ForViewers, ignoreOrder: true);
        routes.Where(r => r.ForUsers && r.Needed == Roles.Admin).Select(r => r.ToString()).ShouldBe(ForAdmins, ignoreOrder: true);
        routes.Where(r => r.ForUsers && r.Method == "GET" && r.Needed != Roles.Viewer).Select(r => r.ToString()).ShouldBe(ReadByOperators, ignoreOrder: true);
    }

    [Fact]
    public async Task a_viewer_reads_everything_and_can_change_nothing()
    {
        var viewer = await plane.Person(Roles.Viewer);
        var before = await Events();
        foreach (var route in Routes().Where(r => r.ForUsers))
        {
            var answer = await Send(viewer.Http, route);
            var body = await answer.Content.ReadAsStringAsync();
            if (Roles.Suffices(Roles.Viewer, route.Needed))
            {
                answer.StatusCode.ShouldNotBe(HttpStatusCode.Forbidden, $"{route}: {body}");
                answer.StatusCode.ShouldNotBe(HttpStatusCode.Unauthorized, $"{route}: {body}");
                ((int)answer.StatusCode).ShouldBeLessThan(500, $"{route}: {body}");
                await (await Send(plane.Anonymous(), route)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
            }
            else
            {
                answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{route}: {body}");
                await answer.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
                body.ShouldContain($"'{route.Needed}'", Case.Sensitive, route.ToString());
            }
        }
        (await Events()).ShouldBe(before);
    }

    [Fact]
    public async Task an_operator_changes_all_but_what_is_for_admins()
    {
        var user = await plane.Person(Roles.Operator);
        foreach (var route in Routes().Where(r => r.ForUsers && r.Method != "GET"))
        {
            // What is behind it says that there is no such thing, or that the body is wrong.
            var answer = await Send(user.Http, route);
            if (route.Needed == Roles.Admin) await answer.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
            else answer.StatusCode.ShouldNotBe(HttpStatusCode.Forbidden, route.ToString());
        }
    }

    [Fact]
    public async Task a_role_that_this_version_does_not_know_may_do_nothing()
    {
        var later = await plane.Person(Roles.Viewer);
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand($$"""update phoenix.mt_doc_user set data = data || '{"role": "auditor"}' where id = '{{later.Id}}'""").ExecuteNonQueryAsync();
        await (await later.Http.GetAsync("/api/v2/experiments")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    List<Route> Routes() =>
        [.. plane.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            // What a browser shows of the interface.
            .Select(e => (Endpoint: e, Pattern: e.RoutePattern.RawText!.StartsWith("/reference", StringComparison.Ordinal) ? "/reference/*" : $"/{e.RoutePattern.RawText!.Trim('/')}"))
            .SelectMany(e => (e.Endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(method => new Route(method, e.Pattern, e.Endpoint.Metadata)))
            .DistinctBy(r => r.ToString())];

    static async Task<HttpResponseMessage> Send(HttpClient http, Route route)
    {
        using var request = new HttpRequestMessage(new(route.Method == "*" ? "GET" : route.Method), Parameter().Replace(route.Pattern, p => p.Groups["name"].Value switch
        {
            "version" => "1",
            "validFrom" or "on" => "2026-01-01",
            _ => Guid.NewGuid().ToString(),
        }));
        if (route.Method is not ("GET" or "*")) request.Content = JsonContent.Create(new { });
        return await http.SendAsync(request);
    }

    async Task<long> Events()
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        return (long)(await database.CreateCommand("select count(*) from phoenix.mt_events").ExecuteScalarAsync())!;
    }

    [GeneratedRegex(@"\{(?<name>\w+)[^}]*\}")]
    private static partial Regex Parameter();
}
