using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Collector.Tests;

public sealed class ControlTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task a_reload_replaces_processors_under_a_new_epoch_and_without_losing_the_listener()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(20, 1));
        var before = await collector.HealthyAsync();

        File.WriteAllText(_place.Configuration("production"), Yaml.Otlp(Yaml.TopK));
        ((int)(await collector.ReloadAsync()).StatusCode).ShouldBe(204);

        var after = (await collector.StatusAsync())!;
        after.Epoch.ShouldNotBe(before.Epoch);
        after.ConfigurationHash.ShouldNotBe(before.ConfigurationHash);
        await Batches.SendAsync(otlp, Batches.Requests(20, 2));
        await Batches.SendAsync(otlp, Batches.Requests(20, 3));
        var window = await collector.WindowAsync("a folded window", w => w.Epoch == after.Epoch && w.Input.Counts.SeriesActive >= 20);
        window.Output.Counts.SeriesActive.ShouldBeLessThan(10);
    }

    [Fact]
    public async Task what_leaves_and_is_not_what_came_in_shows_in_status_and_metrics()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(Yaml.Drop));
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(2, 1));
        (await collector.HealthyAsync()).Breach.ShouldBeNull();
        (await collector.MetricsAsync()).ShouldNotContain("phoenix_collector_ledger_breached 1\n");

        await Batches.SendAsync(otlp, Batches.Requests(2, 2));

        // c0, whose one of three increments is dropped by value and not by the metric's name.
        var status = await Wait.ForAsync("the breach", async () => await collector.StatusAsync() is { Breach: not null } found ? found : null);
        status.Breach!.Group.ShouldContain("shop.requests");
        status.Breach.ErrorPct.ShouldBe(100.0 / 3, 0.01);
        status.Healthy.ShouldBeTrue();
        (await collector.MetricsAsync()).ShouldContain("phoenix_collector_ledger_breached 1\n");
    }

    [Fact]
    public async Task a_new_generation_counts_distinct_series_anew_and_windows_tell_which_one_they_belong_to()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await collector.OtlpAsync();
        var settings = new MeasurementSettings(Guid.NewGuid(), 0.3, []);
        await collector.MeasureAsync(settings);
        await Batches.SendAsync(otlp, Batches.Requests(20, 1));
        await collector.WindowAsync("the first streams", w => w is { Generation: 0, Input.Counts.StreamsDistinct: >= 20 });

        await collector.MeasureAsync(settings with { Generation = 1 });

        await collector.WindowAsync("the new generation", w => w.Generation == 1);
        await Batches.SendAsync(otlp, Batches.Requests(5, 2));
        var window = await collector.WindowAsync("streams of the new generation", w => w.Generation == 1 && w.Input.Counts.Points > 0);
        window.Input.Counts.StreamsDistinct.ShouldBe(5);
        window.UntrackedPoints.ShouldBe(0);
    }

    [Fact]
    public async Task points_of_streams_that_could_not_be_tracked_are_told()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(extra: ", max_series: 10"));
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(20, 1));

        (await collector.WindowAsync("the points", w => w.Input.Counts.Points == 20)).UntrackedPoints.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task the_status_tells_how_long_the_arm_waits_for_senders()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());

        (await Wait.ForAsync("the control socket", collector.StatusAsync)).PatienceSeconds.ShouldBe(150);
    }

    [Fact]
    public async Task an_invalid_configuration_never_replaces_the_running_one()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(1, 1));
        var before = await collector.HealthyAsync();

        File.WriteAllText(_place.Configuration("production"), Yaml.Otlp(Yaml.TopK.Replace("k: 3", "k: none", StringComparison.Ordinal)));
        using var answer = await collector.ReloadAsync();

        ((int)answer.StatusCode).ShouldBe(422);
        var error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), WireJson.Default.ConfigurationProblem)!.Errors.ShouldHaveSingleItem();
        error.Key.ShouldBe("processors.phoenix_topk.k");
        error.Line.ShouldBe(8);
        var after = (await collector.StatusAsync())!;
        (after.Epoch, after.ConfigurationHash).ShouldBe((before.Epoch, before.ConfigurationHash));
        await Batches.SendAsync(otlp, Batches.Requests(1, 2));
    }

    [Fact]
    public async Task another_size_of_the_input_queue_needs_a_new_process()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        await Wait.ForAsync("the control socket", collector.StatusAsync);
        File.WriteAllText(_place.Configuration("production"), Yaml.Otlp(extra: ", queue_batches: 3"));

        using var answer = await collector.ReloadAsync();

        ((int)answer.StatusCode).ShouldBe(409);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("queue_batches");
    }

    [Fact]
    public async Task the_control_socket_is_for_its_owner_alone_and_taken_by_one_live_process()
    {
        await using var first = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        await Wait.ForAsync("the control socket", first.StatusAsync);
        File.GetUnixFileMode(_place.Socket("production")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await using var second = CollectorProcess.Start(_place, "production", Yaml.Otlp());

        (await second.ExitAsync()).ShouldBe(3);
        await Wait.UntilAsync("the reason", () => Task.FromResult(second.Log.Contains("another collector is serving it", StringComparison.Ordinal)));
        (await first.StatusAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task own_metrics_are_served_as_prometheus_text()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(5, 1));
        await collector.HealthyAsync();

        (await collector.MetricsAsync()).ShouldContain("phoenix_collector_healthy 1\n");
    }

    [Fact]
    public async Task validate_prints_file_line_key_and_remedy_and_exits_with_1()
    {
        var file = _place.Configuration("bad");
        File.WriteAllText(file, Yaml.Otlp().Replace("protocols", "protocol", StringComparison.Ordinal));

        var (exitCode, _, error) = await CollectorProcess.RunToEndAsync("validate", "--config", file);
        var (jsonExitCode, json, _) = await CollectorProcess.RunToEndAsync("validate", "--config", file, "--format", "json");

        exitCode.ShouldBe(1);
        error.ShouldContain($"{file}:3: receivers.otlp.protocol: is unknown; did you mean `protocols`?");
        jsonExitCode.ShouldBe(1);
        JsonSerializer.Deserialize(json, WireJson.Default.ConfigurationProblem)!.Errors.ShouldContain(e => e.Line == 3 && e.Key == "receivers.otlp.protocol");
    }

    [Fact]
    public async Task validate_looks_at_files_and_warns_of_addresses_that_are_taken()
    {
        await using var peer = await HttpPeer.StartAsync();
        var file = _place.Configuration("suspect");
        File.WriteAllText(file, Yaml.Otlp().Replace("127.0.0.1:0", peer.Address.Authority, StringComparison.Ordinal));

        var (exitCode, json, _) = await CollectorProcess.RunToEndAsync("validate", "--config", file, "--json");
        File.WriteAllText(file, Yaml.Into("  otlp:\n    endpoint: b:4317\n    tls:\n      cert_file: none.crt\n      key_file: none.key", "otlp"));
        var (badExitCode, _, error) = await CollectorProcess.RunToEndAsync("validate", "--config", file);

        exitCode.ShouldBe(0);
        var problem = JsonSerializer.Deserialize(json, WireJson.Default.ConfigurationProblem)!;
        problem.Errors.ShouldBeEmpty();
        problem.Warnings.ShouldContain(w => w.Key == "receivers.otlp.protocols.http.endpoint" && w.Message.Contains(peer.Address.Authority));
        badExitCode.ShouldBe(1);
        error.ShouldContain($"{file}:8: exporters.otlp.tls.cert_file: none.crt cannot be used");
    }

    [Fact]
    public async Task a_filter_condition_that_cannot_be_read_is_found_by_validate()
    {
        var file = _place.Configuration("bad");
        File.WriteAllText(file, Yaml.Otlp(Yaml.Drop.Replace("==", "=!", StringComparison.Ordinal)));

        var (exitCode, _, error) = await CollectorProcess.RunToEndAsync("validate", "--config", file);

        exitCode.ShouldBe(1);
        error.ShouldContain(":7: processors.filter.metrics.datapoint:");
    }

    [Fact]
    public async Task a_busy_port_is_a_clear_error()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp().Replace("127.0.0.1:0", peer.Address.Authority, StringComparison.Ordinal));

        (await collector.ExitAsync()).ShouldBe(3);
        await Wait.UntilAsync("the reason", () => Task.FromResult(collector.Log.Contains("cannot listen", StringComparison.Ordinal) && collector.Log.Contains(peer.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)));
    }
}
