using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class IdentityTests(ControlPlane plane)
{
    [Fact]
    public async Task the_first_secret_counts_once_and_a_guess_never()
    {
        // The fixture has redeemed it already.
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret = plane.FirstSecret })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret = "guess" })).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
    }

    [Fact]
    public async Task a_valid_token_can_be_renewed()
    {
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { })).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        var renewed = await plane.User.PostAsJsonAsync("/api/v2/auth/tokens", new { });
        renewed.StatusCode.ShouldBe(HttpStatusCode.Created, await renewed.Content.ReadAsStringAsync());
        var user = plane.Anonymous();
        user.DefaultRequestHeaders.Authorization = new("Bearer", (await renewed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString());
        (await user.GetAsync("/api/v2/agents")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/v2/experiments")]
    [InlineData("/api/v2/agents")]
    [InlineData("/api/v2/tasks")]
    [InlineData("/api/v2/audit")]
    [InlineData("/api/v2/savings")]
    [InlineData("/api/v2/pipelines")]
    public async Task users_routes_need_a_token(string path)
    {
        await (await plane.Anonymous().GetAsync(path)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        var wrong = plane.Anonymous();
        wrong.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");
        await (await wrong.GetAsync(path)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task a_poll_without_host_id_or_credential_is_refused()
    {
        await (await plane.Anonymous().GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        var agent = await TestAgent.Enrol(plane);
        var headerOnly = plane.Anonymous();
        headerOnly.DefaultRequestHeaders.Add(AgentHeaders.HostId, agent.HostId);
        await (await headerOnly.GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        var foreign = await TestAgent.Enrol(plane);
        headerOnly.DefaultRequestHeaders.Authorization = new("Bearer", foreign.Credential);
        await (await headerOnly.GetAsync("/api/v2/tasks/poll")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        // A user's token is not a host's credential, nor the other way round.
        var user = plane.Anonymous();
        user.DefaultRequestHeaders.Authorization = new("Bearer", agent.Credential);
        await (await user.GetAsync("/api/v2/agents")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task enrolling_again_with_the_same_credential_is_harmless_and_with_another_is_refused_until_it_is_allowed()
    {
        var agent = await TestAgent.Enrol(plane);
        var request = new EnrolmentRequest(agent.HostId, plane.EnrolmentToken, agent.Credential, "1.0", "linux", "x64");
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var other = request with { Credential = new string('x', 43) };
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", other)).ShouldBeProblem(HttpStatusCode.Conflict, "host-already-enrolled");
        (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/re-enrolment", new { reason = "disk lost" })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", other)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
    }

    [Theory]
    [InlineData("", "host-id-invalid")]
    [InlineData("a b", "host-id-invalid")]
    [InlineData("../etc", "host-id-invalid")]
    public async Task a_host_id_is_a_name(string hostId, string code) =>
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol",
            new EnrolmentRequest(hostId, plane.EnrolmentToken, new string('x', 43), "1", "linux", "x64"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);

    [Fact]
    public async Task an_unknown_enrolment_token_is_refused() =>
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol",
            new EnrolmentRequest("h", "no", new string('x', 43), "1", "linux", "x64"))).ShouldBeProblem(HttpStatusCode.Unauthorized, "enrolment-token-invalid");

    [Fact]
    public async Task in_the_header_only_development_mode_events_say_unverified()
    {
        var database = $"phoenix_dev_{Guid.NewGuid():N}";
        await using var server = NpgsqlDataSource.Create(ControlPlane.ServerConnectionString);
        await server.CreateCommand($"create database {database}").ExecuteNonQueryAsync();
        var secretFile = Path.Combine(Path.GetTempPath(), $"{database}.secret");
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(ControlPlane.ServerConnectionString) { Database = database }.ConnectionString;
            await using var host = await ControlPlane.Start(connection, secretFile, ("PHOENIX_AGENT_AUTHENTICATION", "header-only-development"));
            var agent = host.Server.CreateClient();
            agent.DefaultRequestHeaders.Add(AgentHeaders.HostId, "dev");
            agent.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
            var enrolled = await agent.PostAsJsonAsync("/api/v2/agents/enrol", new EnrolmentRequest("dev", "", new string('x', 43), "1", "linux", "x64"));
            (await enrolled.Content.ReadFromJsonAsync<EnrolmentResponse>())!.Verification.ShouldBe("unverified");
            (await agent.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            var user = host.Server.CreateClient();
            var issued = await user.PostAsJsonAsync("/api/v2/auth/tokens", new { secret = await File.ReadAllTextAsync(secretFile) });
            user.DefaultRequestHeaders.Authorization = new("Bearer", (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString());
            var agents = await user.GetFromJsonAsync<JsonElement>("/api/v2/agents");
            agents.GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("verification").GetString().ShouldBe("unverified");
        }
        finally
        {
            File.Delete(secretFile);
            await ControlPlane.Drop(database);
        }
    }

    [Fact]
    public async Task messages_that_failed_for_good_are_shown_to_users_alone()
    {
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/dead-messages", new { })).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var shown = await plane.User.PostAsJsonAsync("/api/v2/dead-messages", new { pageSize = 10 });
        shown.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await shown.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Array);
    }
}
