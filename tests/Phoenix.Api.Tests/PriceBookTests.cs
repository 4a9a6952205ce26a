using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Domain.Pricing;

namespace Phoenix.Api.Tests;

/// <summary>The price book as operators write it.</summary>
[Collection(nameof(ControlPlane))]
public sealed class PriceBookTests(ControlPlane plane)
{
    readonly string _plan = $"plan-{Guid.NewGuid():N}";

    object Entry(string validFrom = "2026-01-01", string? validUntil = null, decimal perUnit = 0.10m, double from = 0) => new
    {
        id = _plan, vendor = "Vendor", name = "A plan", validFrom, validUntil, currency = "USD", source = "price list", reason = "for the test",
        charges = new[] { new { meter = "samples", tiers = new[] { new { from, perUnit } } } },
    };

    Task<HttpResponseMessage> Add(object entry) => plane.User.PostAsJsonAsync("/api/v2/prices", entry);

    async Task<IReadOnlyList<string>> Days(string query = "") =>
        [.. (await plane.Get($"/api/v2/prices{query}")).GetProperty("items").EnumerateArray()
            .Where(e => e.GetProperty("id").GetString() == _plan).Select(e => e.GetProperty("validFrom").GetString()!)];

    [Fact]
    public async Task the_book_begins_with_the_list_prices_and_their_sources()
    {
        var items = (await plane.Get("/api/v2/prices")).GetProperty("items").EnumerateArray().Where(e => e.GetProperty("origin").GetString() == "list").ToList();
        items.Select(e => e.GetProperty("id").GetString()).Distinct().Count().ShouldBe(ListPrices.Entries.Select(e => e.Id).Distinct().Count());
        items.ShouldAllBe(e => e.GetProperty("source").GetString()!.Length > 0);
        var log = await Eventually.Get(() => plane.Get("/api/v2/audit?type=price_entry_added&limit=1000"), found => found.GetProperty("items").GetArrayLength() > 0, "the prices to be in the log");
        log.GetProperty("items").EnumerateArray().ShouldContain(e => e.GetProperty("actor").GetString() == "system");
    }

    [Fact]
    public async Task a_price_is_added_ended_followed_and_taken_out()
    {
        (await Add(Entry())).StatusCode.ShouldBe(HttpStatusCode.Created);
        await (await Add(Entry("2026-06-01"))).ShouldBeProblem(HttpStatusCode.Conflict, "price-dates-overlap");
        (await plane.User.PutAsJsonAsync($"/api/v2/prices/{_plan}/2026-01-01", Entry("2026-01-01", "2026-05-31"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Add(Entry("2026-06-01", perUnit: 0.20m))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await Days()).ShouldBe(["2026-01-01", "2026-06-01"]);
        (await Days("?on=2026-05-31")).ShouldBe(["2026-01-01"]);
        (await Days("?on=2026-06-01")).ShouldBe(["2026-06-01"]);
        (await Days("?on=2025-12-31")).ShouldBeEmpty();
        for (var i = 0; i < 2; i++) (await plane.User.DeleteAsync($"/api/v2/prices/{_plan}/2026-06-01?reason=wrong")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Days()).ShouldBe(["2026-01-01"]);
        await (await plane.User.DeleteAsync($"/api/v2/prices/{_plan}/2020-01-01")).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
    }

    [Fact]
    public async Task what_no_bill_can_be_made_of_is_refused()
    {
        await (await Add(Entry(from: 5))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-tiers-invalid");
        await (await Add(Entry(perUnit: -1))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-tiers-invalid");
        await (await Add(new { id = _plan, vendor = "V", name = "n", source = "s", currency = "USD" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-charges-invalid");
        await (await Add(new { id = _plan, vendor = "V", name = "n", source = "s", currency = "USD", charges = new object[] { new { } } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-charges-invalid");
        await (await Add(new { id = _plan, vendor = "V", name = "n", source = "s", currency = "XYZ", charges = new[] { new { meter = "samples", tiers = new[] { new { from = 0, perUnit = 1 } } } } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "currency-unknown");
        (await Add(new { id = _plan, charges = new[] { new { meter = "wishes" } } })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        // What was left out is not free.
        foreach (var tiers in (object[])[new object?[] { null }, new[] { new { from = 0 } }, new[] { new { perUnit = 1 } }])
            await (await Add(new { id = _plan, vendor = "V", name = "n", source = "s", currency = "USD", charges = new[] { new { meter = "samples", tiers } } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-tiers-invalid");
        await (await Add(new { id = _plan, vendor = "V", name = "n", source = "s", currency = "USD", charges = new object?[] { null } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-charges-invalid");
        await (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{_plan}", new { entry = "self-hosted", currency = "USD", source = "own", selfHosted = new { replicas = 2 } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "self-hosted-figures-invalid");
        await (await plane.User.PostAsJsonAsync("/api/v2/prices", new { })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "price-id-invalid");
        (await Days()).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_contract_changes_what_is_billed_until_it_goes()
    {
        (await Add(Entry())).StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = $"c-{Guid.NewGuid():N}";
        object Contract(decimal discountPct, string currency = "USD") => new { entry = _plan, validFrom = "2026-01-01", currency, source = "contract 7", discountPct, reason = "signed" };
        await (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{id}", Contract(10, "EUR"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "contract-currency-differs");
        (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{id}", Contract(10))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{id}", Contract(20))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{id}-2", Contract(30))).ShouldBeProblem(HttpStatusCode.Conflict, "contract-overlaps");
        (await plane.User.GetFromJsonAsync<JsonElement>("/api/v2/contracts")).EnumerateArray()
            .Single(c => c.GetProperty("id").GetString() == id).GetProperty("discountPct").GetDecimal().ShouldBe(20);
        await (await plane.User.DeleteAsync($"/api/v2/prices/{_plan}/2026-01-01")).ShouldBeProblem(HttpStatusCode.Conflict, "price-entry-in-contract");
        (await plane.User.DeleteAsync($"/api/v2/contracts/{id}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.User.DeleteAsync($"/api/v2/prices/{_plan}/2026-01-01")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task an_experiment_is_priced_by_the_book_and_asked_under_every_price_at_once()
    {
        // A made-up vendor that takes a dollar a sample: one whose contract takes half of that off.
        (await Add(Entry(perUnit: 1))).StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = $"c-{Guid.NewGuid():N}";
        (await plane.User.PutAsJsonAsync($"/api/v2/contracts/{id}", new { entry = _plan, validFrom = "2026-01-01", currency = "USD", source = "contract 8", discountPct = 50 })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/EUR/2026-01-01", new { rate = 0.5m, source = "bank" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var (experiment, agent) = await plane.Running(priceEntry: _plan);
        await (await plane.User.GetAsync($"/api/v2/experiments/{experiment}/what-if")).ShouldBeProblem(HttpStatusCode.Conflict, "nothing-measured");
        await agent.Report(experiment, [.. Enumerable.Range(1, 4).Select(n => Windows.Good(n))]);
        await plane.UntilState(experiment, "completing");

        var saving = (await plane.Get($"/api/v2/experiments/{experiment}")).GetProperty("evidence").GetProperty("saving");
        saving.GetProperty("priceEntry").GetString().ShouldBe(_plan);
        // Windows of five seconds; a month has 730 hours. Half of a dollar for each sample that is not sent.
        var (before, after) = (saving.GetProperty("baselinePerMonth").GetDecimal(), saving.GetProperty("candidatePerMonth").GetDecimal());
        before.ShouldBe(0.5m * Windows.Good(1).Baseline!.Output.Counts.Samples * 730 * 3600 / 5, 1);
        saving.GetProperty("perMonth").GetDecimal().ShouldBe(before - after);

        var answers = (await plane.Get($"/api/v2/experiments/{experiment}/what-if?currency=EUR")).GetProperty("answers").EnumerateArray().ToList();
        var ours = answers.Single(a => a.GetProperty("priceEntry").GetString() == _plan);
        ours.GetProperty("saving").GetProperty("perMonth").GetDecimal().ShouldBe(before - after, 1);
        ours.GetProperty("inCurrency").GetProperty("amount").GetProperty("amount").GetDecimal().ShouldBe((before - after) / 2, 1);
        // A vendor that publishes no price says so, instead of a figure.
        answers.Single(a => a.GetProperty("priceEntry").GetString() == "splunk-metric-time-series").GetProperty("rejection").GetProperty("code").GetString().ShouldBe("price-needs-contract");
        await (await plane.User.GetAsync($"/api/v2/experiments/{experiment}/what-if?currency=XYZ")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "currency-unknown");
        (await plane.User.DeleteAsync("/api/v2/exchange-rates/USD/EUR/2026-01-01")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task rates_are_between_two_known_currencies_and_more_than_nothing()
    {
        await (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/XYZ/2026-01-01", new { rate = 1, source = "bank" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "currency-unknown");
        await (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/CHF/2026-01-01", new { source = "bank" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exchange-rate-invalid");
        await (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/CHF/2026-01-01", new { rate = 1e-28, source = "bank" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exchange-rate-invalid");
        (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/CHF/2026-01-01", new { rate = 0.9, source = "bank" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.User.GetFromJsonAsync<JsonElement>("/api/v2/exchange-rates")).EnumerateArray().ShouldContain(r => r.GetProperty("to").GetString() == "CHF");
    }
}
