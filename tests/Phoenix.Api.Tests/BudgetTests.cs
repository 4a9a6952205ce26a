using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Domain.Budgets;
using static Phoenix.Api.Tests.BudgetScenario;

namespace Phoenix.Api.Tests;

/// <summary>Budgets over the ledger's costs. On a database of its own: the ledger is of everything.</summary>
public sealed class BudgetTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    static string Latest(JsonElement budget, string field) => budget.GetProperty("latest").GetProperty(field).ToString();

    [Fact]
    public async Task a_breach_proposes_what_was_proved_elsewhere_and_its_draft_is_made_once()
    {
        // Proved on one host; another one still runs the baseline.
        var (proved, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(proved, Windows.Good(n));
        await agent.DoNext();
        await plane.UntilState(proved, "completed");
        await plane.Command(proved, "promote");
        await agent.DoNext();
        await plane.UntilState(proved, "promoted");
        var (stopped, other) = await plane.Running();
        await plane.Command(stopped, "stop");
        await other.DoNext();
        await plane.UntilState(stopped, "stopped");
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{other.HostId}/labels", new { labels = new { team = "shop" } })).EnsureSuccessStatusCode();
        var hash = (await plane.Get($"/api/v2/agents/{other.HostId}")).GetProperty("production").GetProperty("configurationHash").GetString()!;
        // 0.10 USD for a million samples.
        await plane.RecordDay(hash, 9_000_000, "shop");

        Guid ours = await plane.SetBudget(Body(scope: "team", of: "shop")), none = await plane.SetBudget(Body(scope: "team", of: "nobody")), euro = await plane.SetBudget(Body(currency: "EUR"));
        for (var i = 0; i < 2; i++) await plane.EvaluateBudgets();
        var budget = await plane.Get($"/api/v2/budgets/{ours}");
        budget.GetProperty("spent").GetDecimal().ShouldBe(0.9m, 1e-9m);
        budget.GetProperty("spentPct").GetDouble().ShouldBe(90, 1e-6);
        budget.GetProperty("reached").GetArrayLength().ShouldBe(1);
        Latest(budget, "thresholdPct").ShouldBe("80");
        budget.GetProperty("latest").GetProperty("proposal").GetProperty("hosts").EnumerateArray().Select(h => h.GetString()).ShouldBe([other.HostId]);
        (await plane.Get($"/api/v2/budgets/{none}")).GetProperty("latest").ValueKind.ShouldBe(JsonValueKind.Null);
        // Nothing is converted but by a rate that was written down.
        (await plane.Get($"/api/v2/budgets/{euro}")).GetProperty("problem").GetProperty("code").GetString().ShouldBe("exchange-rate-missing");
        await (await plane.User.PostAsJsonAsync($"/api/v2/budgets/{none}/draft", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "nothing-proposed");
        var told = await Eventually.Get(() => plane.Get("/api/v2/audit?type=budget_breached&limit=1000"), log => log.GetProperty("items").GetArrayLength() > 0, "the breach in the log");
        told.GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("actor").GetString().ShouldBe("system");

        var first = await plane.User.PostAsJsonAsync($"/api/v2/budgets/{ours}/draft", new { reason = "too dear" });
        first.StatusCode.ShouldBe(HttpStatusCode.Created, await first.Content.ReadAsStringAsync());
        var again = await plane.User.PostAsJsonAsync($"/api/v2/budgets/{ours}/draft", new { reason = "too dear" });
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        var draft = (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        (await first.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid().ShouldBe(draft);
        var experiment = await plane.Get($"/api/v2/experiments/{draft}");
        experiment.GetProperty("state").GetString().ShouldBe("draft");
        experiment.GetProperty("hosts").EnumerateArray().Select(h => h.GetString()).ShouldBe([other.HostId]);

        // What a forecast proposes is drafted too, as something else than what the breach led to.
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            var proposal = (await session.LoadAsync<Budget>(ours))!.Latest!.Proposal;
            session.Events.Append(ours, new BudgetForecastBreached(new(Today.Year, Today.Month, 1), 2, 1, 3, 7, 0.9m, Today, proposal, null));
            await session.SaveChangesAsync();
        }
        var ahead = await plane.User.PostAsJsonAsync($"/api/v2/budgets/{ours}/draft", new { reason = "will be too dear" });
        ahead.StatusCode.ShouldBe(HttpStatusCode.Created, await ahead.Content.ReadAsStringAsync());
        (await ahead.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid().ShouldNotBe(draft);

        // A budget that says something else is looked at anew; one that is gone is not.
        (await plane.User.PutAsJsonAsync($"/api/v2/budgets/{ours}", Body(100, "team", "shop"))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await plane.EvaluateBudgets();
        (await plane.Get($"/api/v2/budgets/{ours}")).GetProperty("reached").GetArrayLength().ShouldBe(0);
        for (var i = 0; i < 2; i++) (await plane.User.DeleteAsync($"/api/v2/budgets/{ours}?reason=over")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await plane.EvaluateBudgets();
        (await plane.User.GetAsync($"/api/v2/budgets/{ours}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task a_trend_has_drivers_and_a_forecast_with_the_days_that_it_rests_on()
    {
        // Each day a million samples more; half of what is sent is a team's that began in the middle.
        for (var i = 0; i < 14; i++)
        {
            await plane.RecordDay($"trend-{i}", (10 + i) * 1_000_000L, "old", Today.AddDays(i - 13));
            if (i >= 7) await plane.RecordDay($"trend-new-{i}", 100_000_000, "new", Today.AddDays(i - 13));
        }
        var trend = await plane.Get("/api/v2/savings/trend?by=team&days=14&price=signoz-cloud-samples");
        trend.GetProperty("days").GetInt32().ShouldBe(14);
        trend.GetProperty("cost").GetProperty("perDay").GetDouble().ShouldBeGreaterThan(0.1);
        trend.GetProperty("monthEnd").GetProperty("days").GetInt32().ShouldBe(14);
        trend.GetProperty("drivers")[0].GetProperty("key").GetString().ShouldBe("new");
        trend.GetProperty("drivers")[0].GetProperty("change").GetDecimal().ShouldBe(10, 1e-6m);
        trend.GetProperty("series").GetProperty("level").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task what_cannot_be_reckoned_is_refused()
    {
        await (await plane.User.PostAsJsonAsync("/api/v2/budgets", Body(0))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "budget-amount-invalid");
        await (await plane.User.PostAsJsonAsync("/api/v2/budgets", Body(scope: "team"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "budget-scope-invalid");
        await (await plane.User.PostAsJsonAsync("/api/v2/budgets", Body(priceEntry: "nobody"))).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
        await (await plane.User.PostAsJsonAsync("/api/v2/budgets", Body(priceEntry: "splunk-metric-time-series"))).ShouldBeProblem(HttpStatusCode.Conflict, "price-needs-contract");
        (await plane.User.PutAsJsonAsync($"/api/v2/budgets/{Guid.NewGuid()}", Body())).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
