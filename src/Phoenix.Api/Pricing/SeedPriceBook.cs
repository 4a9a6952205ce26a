using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;

namespace Phoenix.Api.Pricing;

/// <summary>At the start of a node: brings the list prices that came with this version into the book. What operators wrote or took out stays as it is.</summary>
public sealed class SeedPriceBook(IDocumentStore store) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.LightweightSession();
        await session.BeginTransactionAsync(cancellationToken);
        // Nodes that start together do this one after the other.
        await session.ExecuteAsync(new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.price_book'))"), cancellationToken);
        var known = await session.LoadAsync<PriceBook>(StreamIds.PriceBook, cancellationToken);
        var decision = PriceBookDecisions.Seed(known ?? PriceBook.Empty, ListPrices.Entries);
        if (decision.Events.Count == 0) return;
        session.LastModifiedBy = EventMetadata.System;
        if (known is null) session.Events.StartStream<PriceBook>(StreamIds.PriceBook, decision.Events);
        else session.Events.Append(StreamIds.PriceBook, decision.Events);
        await session.SaveChangesAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
