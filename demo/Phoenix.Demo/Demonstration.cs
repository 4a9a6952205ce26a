namespace Phoenix.Demo;

/// <summary>Starts everything, plays the scenes, prints the result and, unless told to exit, stays up.</summary>
internal static class Demonstration
{
    /// <returns>0 for any verdict honestly reached; 1 where something broke.</returns>
    public static async Task<int> RunAsync(Options options, CancellationToken stop)
    {
        var tell = new Narrator();
        var pipelines = await SurveyAsync(options, tell, stop);
        DemoResult result;
        bool caught;
        await using (var backend = await Backend.StartAsync(stop))
        await using (var stack = new LocalStack(options, tell))
        {
            using var running = CancellationTokenSource.CreateLinkedTokenSource(stop, stack.Broken);
            try
            {
                tell.Scene("First start: everything that follows goes through the public API.");
                await stack.StartControlPlaneAsync(running.Token);
                if (!options.Exit && await stack.SignInLinkAsync(running.Token) is { } watch)
                {
                    tell.Say($"watch it in a browser (the link signs in once): {watch}");
                }

                await stack.StartAgentAsync(backend.Address, running.Token);
                await using var processes = new ProcessLoad();
                await using var shop = new ShopLoad($"http://{stack.OtlpAddress}");
                tell.Say($"load: processes of this machine that come and go, and a simulated shop that sends OTLP to {stack.OtlpAddress}");
                var story = await new Scenes(stack.Api, backend, pipelines, stack.HostId, tell).PlayAsync(running.Token);
                result = Report.Result(story, tell.Seconds);
                caught = Scenes.WasCaught(story.Discarding);
                Report.PrintTables(story);
                if (!caught)
                {
                    Console.Error.WriteLine("error: the bad candidate was not rolled back by a guardrail.");
                }

                if (!options.Exit)
                {
                    Report.PrintJson(result);
                    var link = await stack.SignInLinkAsync(running.Token);
                    Console.Error.WriteLine($"\nPhoenix stays up at http://localhost:{options.Port} with the load going on. Ctrl-C ends everything.");
                    if (link is not null)
                    {
                        Console.Error.WriteLine($"The dashboard, with a link that signs a browser in once: {link}");
                    }

                    await Task.Delay(Timeout.Infinite, running.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException && stack.Broken.IsCancellationRequested)
            {
                throw new DemoFailure(stack.Cause!);
            }
        }

        Report.PrintJson(result);
        return caught ? 0 : 1;
    }

    private static async Task<DemoPipelines> SurveyAsync(Options options, Narrator tell, CancellationToken cancel)
    {
        var foldable = await ScrapeSurvey.LookAsync(options.Scrapes, cancel);
        foreach (var scrape in options.Scrapes)
        {
            tell.Say($"input: {scrape} will be scraped every 5 s");
        }

        foreach (var (label, metrics) in foldable)
        {
            tell.Say($"the Top-K candidate will fold label {label} of {metrics.Count} scraped metrics, as {metrics[0]}");
        }

        if (options.Scrapes.Count > 0 && foldable.Count == 0)
        {
            tell.Say($"none of the scraped counters and histograms has a label with many values: they pass through both arms as they are");
        }

        return new(options.Scrapes, foldable);
    }
}
