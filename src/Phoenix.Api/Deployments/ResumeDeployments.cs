using Marten;
using Phoenix.Domain.Deployments;
using Wolverine;

namespace Phoenix.Api.Deployments;

/// <summary>
/// When a node starts it advances every deployment that waits for something. Where nothing was lost that changes nothing; where
/// a message or a timer was, the deployment goes on.
/// </summary>
public sealed class ResumeDeployments(IDocumentStore store, IServiceScopeFactory scopes) : IHostedService
{
    static readonly DeploymentState[] Waiting = [DeploymentState.Running, DeploymentState.Soaking, DeploymentState.Held, DeploymentState.RollingBack];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        var ids = await session.Query<Deployment>().Where(d => d.State.IsOneOf(Waiting)).Select(d => d.Id).ToListAsync(cancellationToken);
        using var scope = scopes.CreateScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        foreach (var id in ids) await bus.PublishAsync(new AdvanceDeployment(id));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
