using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;

namespace Phoenix.Api.Experiments;

/// <summary>
/// When a node starts it advances every experiment that waits for something. Where nothing was lost that changes nothing;
/// where a message or a timer was, the experiment goes on.
/// </summary>
public sealed class ResumeExperiments(IDocumentStore store, IServiceScopeFactory scopes) : IHostedService
{
    static readonly ExperimentState[] Resting =
        [ExperimentState.Draft, ExperimentState.Completed, ExperimentState.Promoted, ExperimentState.RolledBack, ExperimentState.Stopped];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        var ids = await session.Query<Experiment>().Where(e => !e.State.IsOneOf(Resting)).Select(e => e.Id).ToListAsync(cancellationToken);
        using var scope = scopes.CreateScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        foreach (var id in ids) await bus.PublishAsync(new AdvanceExperiment(id));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
