using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Budgets;
using static Phoenix.Api.Tests.BudgetScenario;

namespace Phoenix.Api.Tests;

/// <summary>Which days and months a budget is held against. On a database of its own: the ledger is of everything.</summary>
public sealed class BudgetMonthTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
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
        await plane.RecordDay("before-the-month", 1_000_000, "priced", Month.AddDays(-1));
        await plane.RecordDay("in-the-month", 9_000_000, "priced");
        var id = await plane.SetBudget(Body(scope: "team", of: "priced", priceEntry: "new-plan"));
        await plane.EvaluateBudgets();
        var budget = await plane.Get($"/api/v2/budgets/{id}");
        budget.GetProperty("problem").ValueKind.ShouldBe(JsonValueKind.Null);
        budget.GetProperty("spent").GetDecimal().ShouldBe(0.9m, 1e-9m);
        budget.GetProperty("reached").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task a_month_that_is_long_over_is_not_told_of()
    {
        await plane.RecordDay("closing", 9_000_000, "closed");
        var id = await plane.SetBudget(Body(scope: "team", of: "closed"));
        async Task<int> ReachedBy(DateOnly day)
        {
            await plane.Host.Services.GetRequiredService<EvaluateBudgets>().Evaluate(day, CancellationToken.None);
            return (await plane.Get($"/api/v2/budgets/{id}")).GetProperty("reached").GetArrayLength();
        }
        (await ReachedBy(Month.AddMonths(1).AddDays(19))).ShouldBe(0);
        (await ReachedBy(Month.AddMonths(1).AddDays(2))).ShouldBe(1);
    }
}
