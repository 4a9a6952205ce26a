namespace Phoenix.EndToEnd;

/// <summary>A stack for each test, its logs where the test failed, and nothing left behind.</summary>
public abstract class EndToEndTest : IAsyncLifetime
{
    private Stack? _stack;

    public Stack Stack => _stack ?? throw new InvalidOperationException("The stack was not started.");

    public Api Api => Stack.Api;

    public virtual async ValueTask InitializeAsync() => _stack = await Stack.StartAsync(Workplace.DatabaseUrl);

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_stack is null)
        {
            return;
        }

        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(_stack.Logs());
        }

        await _stack.DisposeAsync();
    }

    /// <summary>Publishes everything-passes as production by an experiment that is stopped, as a first user would get there.</summary>
    protected async Task<Guid> GoLiveAsync()
    {
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var first = await ExperimentRun.StartAsync(Stack, everything, everything, Plan.Brief, "go live");
        await first.UntilStateAsync("warmingUp");
        await first.CommandAsync("stop");
        await first.UntilStateAsync("stopped");
        Stack.CollectorPid(Stack.Production).ShouldNotBeNull();
        return everything;
    }

    protected void UseStack(Stack stack) => _stack = stack;

    /// <summary>Production took every push from its first one on, and the backend has each of them.</summary>
    protected async Task ShouldHaveNoGapAsync()
    {
        // A fast machine may be done with the rest before the shop has pushed that often.
        await Eventually.TrueAsync(() => Stack.Shop.Accepted.Count > 3, "a few pushes", 30);
        var accepted = Stack.Shop.Accepted;
        accepted.ShouldBe(Enumerable.Range(0, accepted.Count).Select(i => accepted[0] + i), "a push was refused");
        await ShouldHaveLostNothingAsync();
    }

    /// <summary>What production has accepted so far comes to the backend.</summary>
    protected Task ShouldHaveLostNothingAsync()
    {
        var accepted = Stack.Shop.Accepted;
        return Eventually.GetAsync(
            () => Task.FromResult(string.Join(' ', accepted.Except(Stack.Sink.Ticks(Shop.PushTicks)))), missing => missing.Length == 0, "every accepted push", 30);
    }
}
