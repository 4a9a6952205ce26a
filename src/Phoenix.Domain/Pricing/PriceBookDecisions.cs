namespace Phoenix.Domain.Pricing;

/// <summary>What may be written into the price book. A book that does not exist yet is <see cref="PriceBook.Empty"/>.</summary>
public static class PriceBookDecisions
{
    /// <summary>
    /// Brings the list prices of this version into the book, without touching what operators wrote or took out. Where an open list price
    /// is followed by a newer one, it ends the day before.
    /// </summary>
    public static Decision Seed(PriceBook book, IReadOnlyList<PriceEntry> list)
    {
        List<object> events = [];
        foreach (var entry in list.OrderBy(e => e.ValidFrom).ThenBy(e => e.Id, StringComparer.Ordinal))
        {
            var key = new PriceKey(entry.Id, entry.ValidFrom);
            if (book.Removed.Contains(key) || book.Entries.Any(e => e.Id == entry.Id && e.ValidFrom == entry.ValidFrom)) continue;
            var overlapping = Overlapping(book, entry, null).ToList();
            if (overlapping is [{ Origin: PriceOrigin.List, ValidUntil: null } before] && before.ValidFrom < entry.ValidFrom)
                Say(new PriceEntryCorrected(before.Id, before.ValidFrom, before with { ValidUntil = entry.ValidFrom.AddDays(-1) }));
            else if (overlapping.Count > 0) continue;
            Say(new PriceEntryAdded(entry));
        }
        return Decision.Of([.. events]);

        void Say(object happened)
        {
            events.Add(happened);
            book = happened is PriceEntryAdded added ? book.Apply(added) : book.Apply((PriceEntryCorrected)happened);
        }
    }

    public static Decision AddEntry(PriceBook book, PriceEntry entry)
    {
        entry = entry with { Origin = PriceOrigin.Operator };
        return (PriceChecks.Entry(entry) ?? Overlap(book, entry, null)) is { } rejection ? rejection : Decision.Of(new PriceEntryAdded(entry));
    }

    /// <summary>Replaces the entry that is valid from that day; a plan's id stays, its days may change.</summary>
    public static Decision CorrectEntry(PriceBook book, string id, DateOnly validFrom, PriceEntry entry)
    {
        if (Find(book, id, validFrom) is not { } known) return Unknown(id, validFrom);
        entry = entry with { Origin = PriceOrigin.Operator };
        if (entry.Id != id) return Rejection.Invalid("price-id-invalid", "id", $"A correction keeps the id '{id}'; add an entry for another plan.");
        if ((PriceChecks.Entry(entry) ?? Overlap(book, entry, known)) is { } rejection) return rejection;
        var without = book.Apply(new PriceEntryRemoved(id, validFrom));
        var with = without.Apply(new PriceEntryAdded(entry));
        return book.Overrides.Where(o => o.Entry == id).Select(o => Fits(with, o)).FirstOrDefault(r => r is not null) is { } broken
            ? Rejection.Conflict("contract-does-not-fit", $"A contract would not fit the entry any more: {broken.Detail}")
            : Decision.Of(new PriceEntryCorrected(id, validFrom, entry));
    }

    public static Decision RemoveEntry(PriceBook book, string id, DateOnly validFrom)
    {
        if (Find(book, id, validFrom) is null)
            return book.Removed.Contains(new(id, validFrom)) ? Decision.Nothing : Unknown(id, validFrom);
        return book.Overrides.FirstOrDefault(o => o.Entry == id) is { } contract && book.Entries.Count(e => e.Id == id) == 1
            ? Rejection.Conflict("price-entry-in-contract", $"Contract '{contract.Id}' speaks of '{id}'; remove it first.")
            : Decision.Of(new PriceEntryRemoved(id, validFrom));
    }

    public static Decision SetOverride(PriceBook book, ContractOverride contract)
    {
        if (book.Overrides.Any(o => o.Id == contract.Id))
            return Rejection.Conflict("contract-exists", $"There is a contract '{contract.Id}' already; correct it, or choose another id.");
        return (PriceChecks.Override(contract) ?? Fits(book, contract)) is { } rejection ? rejection : Decision.Of(new ContractOverrideSet(contract));
    }

    public static Decision CorrectOverride(PriceBook book, ContractOverride contract)
    {
        if (book.Overrides.All(o => o.Id != contract.Id)) return Rejection.NotFound("contract-unknown", $"There is no contract '{contract.Id}'.");
        return (PriceChecks.Override(contract) ?? Fits(book, contract)) is { } rejection ? rejection : Decision.Of(new ContractOverrideCorrected(contract));
    }

    /// <summary>What is not there need not go.</summary>
    public static Decision RemoveOverride(PriceBook book, string id) =>
        book.Overrides.Any(o => o.Id == id) ? Decision.Of(new ContractOverrideRemoved(id)) : Decision.Nothing;

    /// <summary>The same rate again is no change.</summary>
    public static Decision SetRate(PriceBook book, ExchangeRate rate) =>
        PriceChecks.Rate(rate) is { } rejection ? rejection : book.Rates.Contains(rate) ? Decision.Nothing : Decision.Of(new ExchangeRateSet(rate));

    public static Decision RemoveRate(PriceBook book, string from, string to, DateOnly on) =>
        book.Rates.Any(r => r.From == from && r.To == to && r.On == on) ? Decision.Of(new ExchangeRateRemoved(from, to, on)) : Decision.Nothing;

    public static Decision SetOwnRates(PriceBook book, OperatorRatesSet rates) =>
        (rates.Rates.Problem() ?? PriceChecks.Text("source", rates.Source)) is { } rejection ? rejection
        : book.OwnRates.Contains(rates) ? Decision.Nothing : Decision.Of(rates);

    public static Decision RemoveOwnRates(PriceBook book, DateOnly on) =>
        book.OwnRates.Any(r => r.On == on) ? Decision.Of(new OperatorRatesRemoved(on)) : Decision.Nothing;

    static Rejection? Overlap(PriceBook book, PriceEntry entry, PriceEntry? but) => Overlapping(book, entry, but).FirstOrDefault() is { } other
        ? Rejection.Conflict("price-dates-overlap",
            $"'{entry.Id}' has an entry from {other.ValidFrom:yyyy-MM-dd} to {other.ValidUntil?.ToString("yyyy-MM-dd", null) ?? "now"} already. End that one before {entry.ValidFrom:yyyy-MM-dd} by a correction, or choose other days.")
        : null;

    static IEnumerable<PriceEntry> Overlapping(PriceBook book, PriceEntry entry, PriceEntry? but) => book.Entries.Where(e =>
        e.Id == entry.Id && !ReferenceEquals(e, but) && PriceChecks.Overlap(e.ValidFrom, e.ValidUntil, entry.ValidFrom, entry.ValidUntil));

    /// <summary>Whether the contract speaks of what there is, in its currency, and of nothing that another one speaks of.</summary>
    static Rejection? Fits(PriceBook book, ContractOverride contract)
    {
        var entries = book.Entries.Where(e => e.Id == contract.Entry && PriceChecks.Overlap(e.ValidFrom, e.ValidUntil, contract.ValidFrom, contract.ValidUntil)).ToList();
        if (entries.Count == 0)
            return Rejection.Invalid("price-entry-unknown", "entry", $"There is no price entry '{contract.Entry}' on any of the contract's days.");
        foreach (var entry in entries)
        {
            if (entry.Currency is not null && entry.Currency != contract.Currency)
                return Rejection.Invalid("contract-currency-differs", "currency",
                    $"'{entry.Id}' is priced in {entry.Currency} and the contract in {contract.Currency}. Add an entry of its own in {contract.Currency}: nothing is converted silently.");
            if (contract.Charges.FirstOrDefault(t => entry.Charges.All(c => c.Meter != t.Meter)) is { } stranger)
                return Rejection.Invalid("contract-meter-unknown", "charges.meter",
                    $"'{entry.Id}' does not charge {stranger.Meter}; it charges {string.Join(", ", entry.Charges.Select(c => c.Meter))}.");
        }
        foreach (var other in book.Overrides.Where(o =>
            o.Id != contract.Id && o.Entry == contract.Entry && PriceChecks.Overlap(o.ValidFrom, o.ValidUntil, contract.ValidFrom, contract.ValidUntil)))
        {
            if (other.Currency != contract.Currency)
                return Rejection.Invalid("contract-currency-differs", "currency", $"Contract '{other.Id}' of the same days is in {other.Currency}.");
            if (contract.Subjects().Intersect(other.Subjects()).FirstOrDefault() is { } both)
                return Rejection.Conflict("contract-overlaps", $"Contract '{other.Id}' says the {both} of '{contract.Entry}' on some of the same days already.");
        }
        return null;
    }

    static PriceEntry? Find(PriceBook book, string id, DateOnly validFrom) => book.Entries.FirstOrDefault(e => e.Id == id && e.ValidFrom == validFrom);

    static Rejection Unknown(string id, DateOnly validFrom) =>
        Rejection.NotFound("price-entry-unknown", $"There is no price entry '{id}' that is valid from {validFrom:yyyy-MM-dd}.");
}
