using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Budgets;
using Phoenix.Domain;
using Phoenix.Domain.Usage;

namespace Phoenix.Api.Tests;

/// <summary>Which days and months a budget is held against. On a database of its own: the ledger is of everything.</summary>
public sealed class BudgetMonthTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    static DateOnly Today => DateOnly.FromDateTime(DateTime.UtcNow);

    static object Body(decimal amount = 1, string scope = "all", string? of = null, string currency = "USD", string priceEntry = "signoz-cloud-samples") =>
        new { name = "metrics", scope, of, amountPerMonth = amount, currency, priceEntry, reason = "for the test" };

    async Task<Guid> Set(object body)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/budgets", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    Task Evaluate() => plane.Host.Services.GetRequiredService<EvaluateBudgets>().Evaluate(Today, CancellationToken.None);

    /// <summary>A day of this month, as adding it up records it.</summary>
    async Task Recorded(string hash, long samples, string team, DateOnly? on = null)
    {
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        var totals = new UsageTotals(samples, samples, samples * 50, 86_400);
        session.Events.StartStream<UsageDay>(StreamIds.Usage(on ?? Today, null, 0, hash),
            new UsageRecorded(on ?? Today, new(null, 0, "(unknown)", hash), [new(null, team, UsageCell.None, [], 1, 86_400, 0, totals, totals, samples, null)]));
        await session.SaveChangesAsync();
    }

    static DateOnly Month => new(Today.Year, Today.Month, 1);

    [Fact]
    public async Task days_before_the_month_that_have_no_price_take_nothing_but_the_forecast()
    {
        var entry = new
        {
            id = "new-plan", vendor = "Vendor", name = "A plan", validFrom = Month, currency = "USD", source = "price list", reason = "for the test",
            charges = new[] { new { meter = "samples", tiers = new[] { new { from = 0, perUnit = 0.0000001 } } } },
        };
        (await plane.User.PostAsJsonAsync("/api/v2/prices", entry)).StatusCode.ShouldBe(HttpStatusCode.Created);
        await Recorded("before-the-month", 1_000_000, "priced", Month.AddDays(-1));
        await Recorded("in-the-month", 9_000_000, "priced");
        var id = await Set(Body(scope: "team", of: "priced", priceEntry: "new-plan"));
        await Evaluate();
        var budget = await plane.Get($"/api/v2/budgets/{id}");
        budget.GetProperty("problem").ValueKind.ShouldBe(JsonValueKind.Null);
        budget.GetProperty("spent").GetDecimal().ShouldBe(0.9m, 1e-9m);
        budget.GetProperty("reached").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task a_month_that_is_long_over_is_not_told_of()
    {
        await Recorded("closing", 9_000_000, "closed");
        var id = await Set(Body(scope: "team", of: "closed"));
        async Task<int> ReachedBy(DateOnly day)
        {
            await plane.Host.Services.GetRequiredService<EvaluateBudgets>().Evaluate(day, CancellationToken.None);
            return (await plane.Get($"/api/v2/budgets/{id}")).GetProperty("reached").GetArrayLength();
        }
        (await ReachedBy(Month.AddMonths(1).AddDays(19))).ShouldBe(0);
        (await ReachedBy(Month.AddMonths(1).AddDays(2))).ShouldBe(1);
    }
}
