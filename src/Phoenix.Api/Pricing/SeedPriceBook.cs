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
        // Nodes that start together do this one after the other, also before there is a book that could be locked.
        await session.ExecuteAsync(new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.price_book'))"), cancellationToken);
        session.LastModifiedBy = EventMetadata.System;
        if (await session.LoadAsync<PriceBook>(StreamIds.PriceBook, cancellationToken) is null)
        {
            session.Events.StartStream<PriceBook>(StreamIds.PriceBook, PriceBookDecisions.Seed(PriceBook.Empty, ListPrices.Entries).Events);
        }
        else
        {
            // In turn with the commands of operators.
            var stream = await session.Events.FetchForExclusiveWriting<PriceBook>(StreamIds.PriceBook, cancellationToken);
            stream.AppendMany(PriceBookDecisions.Seed(stream.Aggregate!, ListPrices.Entries).Events);
        }
        await session.SaveChangesAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
