using System.Text.Json;
using System.Text.Json.Serialization;
using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

public sealed class PriceBookTests
{
    static readonly DateOnly July = new(2026, 7, 1);

    [Fact]
    public void list_prices_are_the_seed_and_are_written_once()
    {
        Books.Seeded.Entries.Select(e => e.Id).ShouldBe(ListPrices.Entries.Select(e => e.Id), ignoreOrder: true);
        PriceBookDecisions.Seed(Books.Seeded, ListPrices.Entries).Events.ShouldBeEmpty();
        var created = PriceBook.Create(new Event<PriceEntryAdded>(new(ListPrices.Entries[0])) { StreamId = StreamIds.PriceBook });
        created.Entries.ShouldHaveSingleItem().ShouldBe(ListPrices.Entries[0]);
        created.Id.ShouldBe(PriceBook.Empty.Id);
    }

    [Fact]
    public void a_newer_list_price_ends_the_one_before_the_day_before()
    {
        var signoz = ListPrices.Find("signoz-cloud-samples")!;
        var newer = signoz with { ValidFrom = new(2027, 1, 1), Charges = [new(PriceMeter.Samples, [new(0, 0.2m / 1_000_000)])] };
        var book = Books.Seeded.After(PriceBookDecisions.Seed(Books.Seeded, [.. ListPrices.Entries, newer]));
        book.PriceOf(signoz.Id, new(2026, 12, 31)).Price!.Entry.ValidUntil.ShouldBe(new DateOnly(2026, 12, 31));
        book.PriceOf(signoz.Id, new(2027, 1, 1)).Price!.Entry.ShouldBe(newer);
        PriceBookDecisions.Seed(book, [.. ListPrices.Entries, newer]).Events.ShouldBeEmpty();
    }

    [Fact]
    public void what_an_operator_removed_or_corrected_does_not_come_back()
    {
        var signoz = ListPrices.Find("signoz-cloud-samples")!;
        var removed = Books.Seeded.After(PriceBookDecisions.RemoveEntry(Books.Seeded, signoz.Id, signoz.ValidFrom));
        PriceBookDecisions.Seed(removed, ListPrices.Entries).Events.ShouldBeEmpty();
        PriceBookDecisions.RemoveEntry(removed, signoz.Id, signoz.ValidFrom).ShouldBe(Decision.Nothing);

        var corrected = Books.Seeded.After(PriceBookDecisions.CorrectEntry(Books.Seeded, signoz.Id, signoz.ValidFrom, signoz with { ValidFrom = Books.January }));
        PriceBookDecisions.Seed(corrected, ListPrices.Entries).Events.ShouldBeEmpty();
        corrected.Entries.Single(e => e.Id == signoz.Id).Origin.ShouldBe(PriceOrigin.Operator);
        // Nor does a newer list price end what an operator wrote.
        PriceBookDecisions.Seed(corrected, [signoz with { ValidFrom = new(2027, 1, 1) }]).Events.ShouldBeEmpty();
    }

    [Fact]
    public void a_day_has_the_price_that_was_valid_on_it()
    {
        var book = Add(Add(PriceBook.Empty, Books.Entry(until: July.AddDays(-1))), Books.Entry(from: July, tiers: new PriceTier(0, 2m)));
        book.PriceOf("plan", July.AddDays(-1)).Price!.Bill(Books.Month with { Samples = 1 }).Total.ShouldBe(1m);
        book.PriceOf("plan", July).Price!.Bill(Books.Month with { Samples = 1 }).Total.ShouldBe(2m);
        book.PriceOf("plan", new(2025, 12, 31)).Rejection.ShouldNotBeNull().Detail.ShouldContain("2026-01-01 to 2026-06-30");
        book.PriceOf("plane", July).Rejection.ShouldNotBeNull().Code.ShouldBe("price-entry-unknown");
        book.PricesOn(July).ShouldHaveSingleItem().Entry.ValidFrom.ShouldBe(July);
    }

    [Theory]
    [InlineData("2026-01-01", null)]
    [InlineData("2026-06-30", "2026-12-31")]
    [InlineData("2025-01-01", "2026-01-01")]
    [InlineData("2026-03-01", "2026-03-01")]
    public void entries_of_one_plan_do_not_share_a_day(string from, string? until)
    {
        var book = Add(PriceBook.Empty, Books.Entry(until: July.AddDays(-1)));
        var entry = Books.Entry(from: DateOnly.Parse(from, null), until: until is null ? null : DateOnly.Parse(until, null));
        PriceBookDecisions.AddEntry(book, entry).Rejection.ShouldNotBeNull().Code.ShouldBe("price-dates-overlap");
        PriceBookDecisions.AddEntry(book, entry with { Id = "another" }).Rejection.ShouldBeNull();
        // A correction of the entry itself may.
        PriceBookDecisions.CorrectEntry(book, "plan", Books.January, entry).Rejection.ShouldBeNull();
    }

    [Fact]
    public void whatever_is_asked_no_day_has_two_prices() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[-2, 20], Gen.Bool).Array[1, 30].Sample(asked =>
        {
            var book = PriceBook.Empty;
            foreach (var (from, days, correct) in asked)
            {
                var entry = Books.Entry(from: Books.January.AddDays(from), until: Books.January.AddDays(from + days));
                var decision = correct && book.Entries.Count > 0 ? PriceBookDecisions.CorrectEntry(book, "plan", book.Entries[from % book.Entries.Count].ValidFrom, entry)
                    : PriceBookDecisions.AddEntry(book, entry);
                book = decision.Events.Aggregate(book, Books.Apply);
            }
            return Enumerable.Range(0, 90).All(d => book.Entries.Count(e => e.IsValidOn(Books.January.AddDays(d))) <= 1);
        });

    public static readonly TheoryData<PriceEntry, string> BadEntries = new()
    {
        { Books.Entry(tiers: new PriceTier(0, -1m)), "price-tiers-invalid" },
        { Books.Entry(tiers: [new(0, 1m), new(-5, 1m)]), "price-tiers-invalid" },
        { Books.Entry(tiers: [new(0, 1m), new(5, 1m), new(5, 2m)]), "price-tiers-invalid" },
        { Books.Entry(tiers: [new(0, 1m), new(7, 1m), new(6, 2m)]), "price-tiers-invalid" },
        { Books.Entry(tiers: [new(0, 1m), new(double.NaN, 1m)]), "price-tiers-invalid" },
        { Books.Entry(tiers: [new(0, 1m), new(double.PositiveInfinity, 1m)]), "price-tiers-invalid" },
        { Books.Entry(tiers: new PriceTier(10, 1m)), "price-tiers-invalid" },
        { Books.Entry(tiers: new PriceTier(double.NaN, 1m)), "price-tiers-invalid" },
        { Books.Entry(tiers: new PriceTier(0, decimal.MaxValue)), "price-tiers-invalid" },
        { Books.Entry() with { Currency = "DOL" }, "currency-unknown" },
        { Books.Entry() with { Currency = "usd" }, "currency-unknown" },
        { Books.Entry() with { Currency = null }, "currency-unknown" },
        { Books.Entry() with { PlatformFee = -1 }, "price-amount-invalid" },
        { Books.Entry() with { ValidUntil = Books.January.AddDays(-1) }, "price-dates-invalid" },
        { Books.Entry() with { Id = "Two Words" }, "price-id-invalid" },
        { Books.Entry() with { Id = "" }, "price-id-invalid" },
        { Books.Entry() with { Vendor = " " }, "price-text-invalid" },
        { Books.Entry() with { Source = "" }, "price-text-invalid" },
        { Books.Entry() with { Charges = [] }, "price-charges-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, []), new(PriceMeter.Samples, [])] }, "price-charges-invalid" },
        { Books.Entry() with { Charges = [new((PriceMeter)99, [])] }, "price-charges-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, [new(0, 1m)], Included: double.NaN)] }, "price-allowance-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, [new(0, 1m)], IncludedPerHost: -1)] }, "price-allowance-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, [new(0, 1m)], PointsPerSeries: 0)] }, "price-allowance-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, [new(0, 1m)], Scale: double.NaN)] }, "price-scale-invalid" },
        { Books.Entry() with { Charges = [new(PriceMeter.Samples, [new(0, 1m)], Multipliers: new(double.NaN, 1, 1))] }, "price-multiplier-invalid" },
        { Books.Entry() with { Confidence = (Confidence)7 }, "price-confidence-invalid" },
    };

    [Theory, MemberData(nameof(BadEntries))]
    public void a_wrong_entry_is_refused(PriceEntry entry, string code)
    {
        PriceBookDecisions.AddEntry(PriceBook.Empty, entry).Rejection.ShouldNotBeNull().Code.ShouldBe(code);
        if (code == "price-id-invalid") return;
        PriceBookDecisions.CorrectEntry(Add(PriceBook.Empty, Books.Entry()), "plan", Books.January, entry).Rejection.ShouldNotBeNull().Code.ShouldBe(code);
    }

    [Fact]
    public void what_is_not_there_is_neither_corrected_nor_removed()
    {
        PriceBookDecisions.CorrectEntry(PriceBook.Empty, "plan", Books.January, Books.Entry()).Rejection.ShouldNotBeNull().Code.ShouldBe("price-entry-unknown");
        PriceBookDecisions.RemoveEntry(PriceBook.Empty, "plan", Books.January).Rejection.ShouldNotBeNull().Code.ShouldBe("price-entry-unknown");
        PriceBookDecisions.CorrectEntry(Add(PriceBook.Empty, Books.Entry()), "plan", Books.January, Books.Entry("other")).Rejection.ShouldNotBeNull().Code.ShouldBe("price-id-invalid");
        PriceBookDecisions.CorrectOverride(Books.Seeded, Discount("a")).Rejection.ShouldNotBeNull().Code.ShouldBe("contract-unknown");
        PriceBookDecisions.RemoveOverride(Books.Seeded, "a").ShouldBe(Decision.Nothing);
    }

    public static readonly TheoryData<ContractOverride, string> BadContracts = new()
    {
        { Discount("b", 101), "discount-invalid" },
        { Discount("b", -1), "discount-invalid" },
        { Discount("b") with { Entry = "nobody" }, "price-entry-unknown" },
        { Discount("b") with { ValidUntil = new(2026, 2, 1) }, "price-entry-unknown" }, // before the entry's first day
        { Discount("b") with { Currency = "EUR" }, "contract-currency-differs" },
        { Discount("b") with { Currency = "XXY" }, "currency-unknown" },
        { Discount("b") with { DiscountPct = null }, "contract-empty" },
        { Discount("b") with { Charges = [new(PriceMeter.Gigabytes, [new(0, 1m)])] }, "contract-meter-unknown" },
        { Discount("b") with { Charges = [new(PriceMeter.Samples, [new(0, -1m)])] }, "price-tiers-invalid" },
        { Discount("b") with { Charges = [new(PriceMeter.Samples, [])] }, "price-tiers-invalid" },
        { Discount("b") with { Charges = [new(PriceMeter.Samples, Included: double.NaN)] }, "price-allowance-invalid" },
        { Discount("b") with { Charges = [new(PriceMeter.Samples, Included: 1), new(PriceMeter.Samples, IncludedPerHost: 1)] }, "price-charges-invalid" },
        { Discount("b") with { MinimumPerMonth = -1 }, "price-amount-invalid" },
        { Discount("b") with { SelfHosted = new(double.NaN, 1, 1, 1, 1) }, "self-hosted-figures-invalid" },
        { Discount("b") with { SelfHosted = new(1, 1, 1, 1, 0) }, "self-hosted-figures-invalid" },
        { Discount("a"), "contract-exists" },
        { Discount("b"), "contract-overlaps" },
    };

    [Theory, MemberData(nameof(BadContracts))]
    public void a_wrong_contract_is_refused(ContractOverride contract, string code)
    {
        var book = Books.Seeded.After(PriceBookDecisions.SetOverride(Books.Seeded, Discount("a")));
        PriceBookDecisions.SetOverride(book, contract).Rejection.ShouldNotBeNull().Code.ShouldBe(code);
    }

    [Fact]
    public void a_contract_is_set_corrected_and_removed()
    {
        var usage = Books.Month with { Samples = 10e6 };
        var book = Books.Seeded.After(PriceBookDecisions.SetOverride(Books.Seeded, Discount("a", 50)));
        book.Price("signoz-cloud-samples").Bill(usage).Total.ShouldBe(0.5m);
        book = book.After(PriceBookDecisions.CorrectOverride(book, Discount("a", 25)));
        book.Price("signoz-cloud-samples").Bill(usage).Total.ShouldBe(0.75m);
        // Before its first day and after its last the list price holds.
        book = book.After(PriceBookDecisions.CorrectOverride(book, Discount("a", 25) with { ValidUntil = Books.Day.AddDays(-1) }));
        book.Price("signoz-cloud-samples").Bill(usage).Total.ShouldBe(1m);
        book.PriceOf("signoz-cloud-samples", Books.Day.AddDays(-1)).Price!.Bill(usage).Total.ShouldBe(0.75m);
        book = book.After(PriceBookDecisions.RemoveOverride(book, "a"));
        book.Overrides.ShouldBeEmpty();
    }

    [Fact]
    public void an_entry_that_a_contract_speaks_of_neither_goes_nor_loses_what_it_speaks_of()
    {
        var signoz = ListPrices.Find("signoz-cloud-samples")!;
        var book = Books.Seeded.After(PriceBookDecisions.SetOverride(Books.Seeded, Books.Contract("a", signoz.Id, [new(PriceMeter.Samples, [new(0, 1m)])])));
        PriceBookDecisions.RemoveEntry(book, signoz.Id, signoz.ValidFrom).Rejection.ShouldNotBeNull().Code.ShouldBe("price-entry-in-contract");
        PriceBookDecisions.CorrectEntry(book, signoz.Id, signoz.ValidFrom, signoz with { Charges = [new(PriceMeter.Gigabytes, [new(0, 1m)])] })
            .Rejection.ShouldNotBeNull().Code.ShouldBe("contract-does-not-fit");
    }

    [Fact]
    public void amounts_are_converted_by_the_operators_latest_rate_of_the_day()
    {
        var book = Rate(Rate(Rate(PriceBook.Empty, "USD", "EUR", 0.9m, Books.January), "USD", "EUR", 0.8m, July), "GBP", "USD", 1.25m, Books.January);
        Currencies.Convert(new(100, "USD"), "EUR", book.Rates, July.AddDays(-1)).Converted!.Amount.ShouldBe(new(90, "EUR"));
        Currencies.Convert(new(100, "USD"), "EUR", book.Rates, July).Converted!.Amount.ShouldBe(new(80, "EUR"));
        // Of the opposite pair by its inverse; never over a third currency.
        Currencies.Convert(new(100, "USD"), "GBP", book.Rates, July).Converted!.Amount.ShouldBe(new(80, "GBP"));
        Currencies.Convert(new(100, "EUR"), "GBP", book.Rates, July).Rejection.ShouldNotBeNull().Code.ShouldBe("exchange-rate-missing");
        Currencies.Convert(new(100, "USD"), "EUR", book.Rates, new(2025, 1, 1)).Rejection.ShouldNotBeNull().Code.ShouldBe("exchange-rate-missing");
        Currencies.Convert(new(100, "USD"), "ZZZ", book.Rates, July).Rejection.ShouldNotBeNull().Code.ShouldBe("currency-unknown");
        // The same day again replaces, the same rate again is nothing.
        Rate(book, "USD", "EUR", 0.7m, July).Rates.Count.ShouldBe(3);
        PriceBookDecisions.SetRate(book, new("USD", "EUR", 0.8m, July, "bank")).ShouldBe(Decision.Nothing);
        book.After(PriceBookDecisions.RemoveRate(book, "USD", "EUR", July)).Rates.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("USD", "DOL", 1, "currency-unknown")]
    [InlineData("DOL", "USD", 1, "currency-unknown")]
    [InlineData("USD", "USD", 1, "exchange-rate-invalid")]
    [InlineData("USD", "EUR", 0, "exchange-rate-invalid")]
    [InlineData("USD", "EUR", -1, "exchange-rate-invalid")]
    public void a_wrong_rate_is_refused(string from, string to, int rate, string code) =>
        PriceBookDecisions.SetRate(PriceBook.Empty, new(from, to, rate, July, "bank")).Rejection.ShouldNotBeNull().Code.ShouldBe(code);

    [Fact]
    public void events_are_read_as_they_were_written()
    {
        // The event store keeps JSON; a member that its constructor does not take would be lost.
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };
        foreach (var entry in Books.Full.Entries) ShouldSurvive(new PriceEntryAdded(entry));
        foreach (var contract in Books.Full.Overrides) ShouldSurvive(new ContractOverrideSet(contract));
        ShouldSurvive(new ExchangeRateSet(new("USD", "EUR", 0.9m, July, "bank")));

        void ShouldSurvive<T>(T happened)
        {
            var text = JsonSerializer.Serialize(happened, options);
            JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(text, options), options).ShouldBe(text);
        }
    }

    static ContractOverride Discount(string id, decimal pct = 10) => Books.Contract(id, "signoz-cloud-samples") with { DiscountPct = pct };

    static PriceBook Add(PriceBook book, PriceEntry entry) => book.After(PriceBookDecisions.AddEntry(book, entry));

    static PriceBook Rate(PriceBook book, string from, string to, decimal rate, DateOnly on) =>
        book.After(PriceBookDecisions.SetRate(book, new(from, to, rate, on, "bank")));
}
