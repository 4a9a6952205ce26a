using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

/// <summary>A user beside the first one, who sends a token of their own.</summary>
public sealed record Person(Guid Id, string Name, string Token, HttpClient Http);

/// <summary>Makes users through the API, as admins do.</summary>
public static class UserScenario
{
    public static async Task<Person> Person(this ControlPlane plane, string role)
    {
        var name = $"{role}-{Guid.NewGuid():N}";
        var (id, secret) = await plane.Registered(name, role);
        var token = await plane.Redeem(secret);
        return new(id, name, token, plane.With(token));
    }

    public static async Task<(Guid Id, string Secret)> Registered(this ControlPlane plane, string name, string role)
    {
        var made = await (await plane.User.PostAsJsonAsync("/api/v2/users", new { name, role, reason = "for the test" })).ShouldBe(HttpStatusCode.Created);
        return (made.GetProperty("id").GetGuid(), made.GetProperty("secret").GetString()!);
    }

    public static async Task<string> Redeem(this ControlPlane plane, string secret) =>
        (await (await plane.Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret })).ShouldBe(HttpStatusCode.Created)).GetProperty("token").GetString()!;

    public static HttpClient With(this ControlPlane plane, string token)
    {
        var http = plane.Anonymous();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return http;
    }

    public static async Task<JsonElement> ShouldBe(this HttpResponseMessage answer, HttpStatusCode status)
    {
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, body);
        return body.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(body) : default;
    }
}
