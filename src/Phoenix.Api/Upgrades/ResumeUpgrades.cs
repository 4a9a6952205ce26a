using Marten;
using Phoenix.Domain.Upgrades;
using Wolverine;

namespace Phoenix.Api.Upgrades;

/// <summary>
/// When a node starts it advances every upgrade that waits for something. Where nothing was lost that changes nothing; where
/// a message or a timer was, the upgrade goes on.
/// </summary>
public sealed class ResumeUpgrades(IDocumentStore store, IServiceScopeFactory scopes) : IHostedService
{
    static readonly UpgradeState[] Waiting = [UpgradeState.Running, UpgradeState.Soaking, UpgradeState.RollingBack];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        var ids = await session.Query<Upgrade>().Where(u => u.State.IsOneOf(Waiting)).Select(u => u.Id).ToListAsync(cancellationToken);
        using var scope = scopes.CreateScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        foreach (var id in ids) await bus.PublishAsync(new AdvanceUpgrade(id));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
