using System.Net;
using JasperFx;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Tests;

/// <summary>Commands that meet another change of the same stream.</summary>
public sealed class RepeatOnConflictTests
{
    static readonly Uri Stop = new("/api/v2/experiments/1/stop", UriKind.Relative);

    /// <summary>Answers with the body after so many conflicts.</summary>
    static async Task<(HttpStatusCode Status, string Body, int Tried)> Ask(
        int conflicts, HttpMethod? method = null, string? ifMatch = null, Uri? path = null, Func<Exception>? error = null)
    {
        var tried = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        await using var app = builder.Build();
        app.Use(async (http, next) =>
        {
            try
            {
                await next(http);
            }
            catch (Exception)
            {
                http.Response.StatusCode = 409;
            }
        });
        app.UseRepeatOnConflict();
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync();
            http.Response.Headers["Tried"] = $"{++tried}";
            if (tried <= conflicts) throw error?.Invoke() ?? new InvalidOperationException("while saving", new ConcurrencyException(typeof(string), Guid.Empty));
            await http.Response.WriteAsync(body);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path ?? Stop) { Content = new StringContent("why") };
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var answer = await app.GetTestClient().SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), tried);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(RepeatOnConflict.Times)]
    public async Task a_command_is_decided_anew_with_the_same_words(int conflicts) =>
        (await Ask(conflicts)).ShouldBe((HttpStatusCode.OK, "why", conflicts + 1));

    [Fact]
    public async Task conflicts_without_an_end_are_told() =>
        (await Ask(100)).ShouldBe((HttpStatusCode.Conflict, "", RepeatOnConflict.Times + 1));

    [Fact]
    public async Task what_holds_for_one_version_only_is_said_once() =>
        (await Ask(1, ifMatch: "\"7\"")).ShouldBe((HttpStatusCode.Conflict, "", 1));

    [Fact]
    public async Task nothing_else_is_repeated()
    {
        (await Ask(1, HttpMethod.Put)).Tried.ShouldBe(1);
        (await Ask(1, path: new("/api/v2/tasks/1/result", UriKind.Relative))).Tried.ShouldBe(1);
        (await Ask(1, error: () => new InvalidOperationException("broken"))).Tried.ShouldBe(1);
    }
}
