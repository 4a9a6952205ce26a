using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Budgets;
using Phoenix.Domain;
using Phoenix.Domain.Usage;

namespace Phoenix.Api.Tests;

/// <summary>Budgets, and days of the ledger that they are held against.</summary>
public static class BudgetScenario
{
    public static DateOnly Today => DateOnly.FromDateTime(DateTime.UtcNow);

    public static object Body(decimal amount = 1, string scope = "all", string? of = null, string currency = "USD", string priceEntry = "signoz-cloud-samples") =>
        new { name = "metrics", scope, of, amountPerMonth = amount, currency, priceEntry, reason = "for the test" };

    public static async Task<Guid> SetBudget(this ControlPlane plane, object body)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/budgets", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public static Task EvaluateBudgets(this ControlPlane plane) => plane.Host.Services.GetRequiredService<EvaluateBudgets>().Evaluate(Today, CancellationToken.None);

    /// <summary>A day of this month, as adding it up records it.</summary>
    public static async Task RecordDay(this ControlPlane plane, string hash, long samples, string team, DateOnly? on = null)
    {
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        var totals = new UsageTotals(samples, samples, samples * 50, 86_400);
        session.Events.StartStream<UsageDay>(StreamIds.Usage(on ?? Today, null, 0, hash),
            new UsageRecorded(on ?? Today, new(null, 0, "(unknown)", hash), [new(null, team, UsageCell.None, [], 1, 86_400, 0, totals, totals, samples, null)]));
        await session.SaveChangesAsync();
    }
}
