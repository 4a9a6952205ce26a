using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>The agent replaces itself, by real programs in two versions, and survives what can go wrong with that.</summary>
public sealed class AgentUpgradeTests : EndToEndTest
{
    private const string Old = "0.1.0", New = "0.2.0";
    private Gate? _gate;
    private ServiceManager? _manager;

    private Gate Gate => _gate!;

    private ServiceManager Manager => _manager!;

    private string UpgradeFolder => Path.Combine(Stack.AgentDirectory, "upgrade");

    public override async ValueTask InitializeAsync()
    {
        UseStack(await Stack.StartAsync(Workplace.DatabaseUrl, startAgent: false));
        _gate = await Gate.StartAsync(Api.Address);
        Stack.AgentEnvironment["PHOENIX_API_URL"] = _gate.Address;
        _manager = new ServiceManager(Stack);
        await GoLiveAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_manager is not null)
        {
            await _manager.DisposeAsync();
        }

        if (_gate is not null)
        {
            await _gate.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task a_host_is_upgraded_and_returns_without_touching_its_collectors()
    {
        Release(New, File.ReadAllBytes(Workplace.NextAgentProgram));
        var (agent, collector) = (Manager.Pid, Stack.CollectorPid(Stack.Production));

        var upgrade = await BeginAsync(New);
        await UntilAsync(upgrade, "completed");
        await UntilVersionAsync(New);
        Manager.Program.ShouldBe(Path.Combine(UpgradeFolder, "versions", New, "phoenix-agent"));

        await Api.PostAsync($"upgrades/{upgrade}/rollback", new { reason = "to see it return" });
        await UntilAsync(upgrade, "rolledBack");
        await UntilVersionAsync(Old);
        Manager.Program.ShouldBe(Workplace.AgentProgram);
        Directory.Exists(Path.Combine(UpgradeFolder, "versions", New)).ShouldBeFalse("what is no way back is removed");

        await UntilAsync(await BeginAsync(New), "completed");
        await UntilVersionAsync(New);
        (Manager.Pid, Manager.Starts).ShouldBe((agent, 1), "the service manager has noticed nothing");

        // A restart runs what proved itself.
        await Manager.KillAsync();
        await UntilVersionAsync(New);

        // A person goes back without the control plane.
        await Stack.ApiProcess.KillAsync();
        await using var rollback = ChildProcess.Start(Stack.AgentLog, [Workplace.AgentProgram, "rollback"], new Dictionary<string, string>(Stack.AgentEnvironment));
        await Eventually.TrueAsync(() => Manager.Program == Workplace.AgentProgram, "the agent to return", 30);
        await Stack.StartApiAsync();
        await UntilVersionAsync(Old);

        Stack.CollectorPid(Stack.Production).ShouldBe(collector);
        await ShouldHaveNoGapAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task a_release_that_does_not_work_leaves_the_host_as_it_was()
    {
        var (agent, collector) = (Manager.Pid, Stack.CollectorPid(Stack.Production));
        var whole = await File.ReadAllBytesAsync(Workplace.NextAgentProgram);
        var foreign = whole.ToArray();
        foreign[18] ^= 0x2A; // e_machine of the ELF header: another processor's.

        foreach (var (version, content, says) in new (string, byte[], string)[]
        {
            ("0.3.1", Script("exit 1"), "ended with exit code 1"),
            ("0.3.2", whole[..(whole.Length / 2)], "program-broken"),
            ("0.3.3", foreign, "cannot be executed"),
            ("0.3.4", whole, "when asked for its version"),
        })
        {
            Release(version, content);
            (await UntilFailedAsync(version)).ShouldContain("program-broken");
            (await UntilFailedAsync(version, begin: false)).ShouldContain(says);
        }

        Manager.Starts.ShouldBe(1, "none of them was let run");
        Manager.Pid.ShouldBe(agent);
        await UntilVersionAsync(Old);
        Stack.CollectorPid(Stack.Production).ShouldBe(collector);
        Directory.EnumerateDirectories(Path.Combine(UpgradeFolder, "versions")).ShouldBeEmpty();
        await ShouldHaveNoGapAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task a_release_that_fails_only_once_it_runs_is_given_up_and_the_one_before_runs_again()
    {
        var collector = Stack.CollectorPid(Stack.Production);

        Release("0.4.1", Script("""[ "$1" = --version ] && { echo "phoenix-agent 0.4.1"; exit 0; }; echo "it breaks: no such thing" >&2; exit 1"""));
        var crashed = await UntilFailedAsync("0.4.1");
        crashed.ShouldContain("upgrade-not-confirmed");
        crashed.ShouldContain("3 attempts");
        Manager.Starts.ShouldBe(4, "three attempts, and the start that gave up");
        (await TaskErrorAsync()).ShouldContain("it breaks: no such thing");
        await UntilVersionAsync(Old);

        // The file may no longer be executed by the time of the switch.
        var starts = Manager.Starts;
        Release("0.4.2", Script("""chmod 600 "$0"; echo "phoenix-agent 0.4.2" """));
        (await UntilFailedAsync("0.4.2")).ShouldContain("cannot be executed: Permission denied");
        Manager.Starts.ShouldBe(starts, "it went back in the same process");
        await UntilVersionAsync(Old);

        // Hangs for ever; nobody but the kernel could end it.
        Release("0.4.3", Script("""[ "$1" = --version ] && { echo "phoenix-agent 0.4.3"; exit 0; }; exec sleep 100000"""));
        (await UntilFailedAsync("0.4.3", confirmSeconds: 1)).ShouldContain("3 attempts");
        await UntilVersionAsync(Old);

        // A good program that is cut off from the control plane.
        starts = Manager.Starts;
        Release(New, await File.ReadAllBytesAsync(Workplace.NextAgentProgram));
        Gate.AdmitOnly(0);
        var upgrade = await BeginAsync(New, confirmSeconds: 2);
        await Eventually.TrueAsync(() => Manager.Program?.Contains(New, StringComparison.Ordinal) == true, "the new version to be tried", 60);
        await Eventually.TrueAsync(() => Manager.Program == Workplace.AgentProgram, "the agent to go back by itself", 30);
        Gate.AdmitAll();
        await UntilAsync(upgrade, "held");
        (await ErrorAsync(upgrade)).ShouldContain("the control plane has taken nothing from it");
        Manager.Starts.ShouldBe(starts, "it went back in the same process");
        await UntilVersionAsync(Old);

        Stack.CollectorPid(Stack.Production).ShouldBe(collector);
        await ShouldHaveNoGapAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task an_agent_that_is_killed_at_any_step_of_an_upgrade_comes_to_its_end_all_the_same()
    {
        var collector = Stack.CollectorPid(Stack.Production);
        Release(New, await File.ReadAllBytesAsync(Workplace.NextAgentProgram));
        Gate.HoldDownloads();
        var upgrade = await BeginAsync(New, confirmSeconds: 60);

        // In the middle of the download.
        var part = new FileInfo(Path.Combine(UpgradeFolder, "download", New, "phoenix-agent"));
        await Eventually.TrueAsync(() => Length(part) > new FileInfo(Workplace.NextAgentProgram).Length / 3, "half of the program", 60);
        var had = Length(part);
        await Manager.KillAsync();
        Gate.ReleaseDownloads();
        Gate.AdmitOnly(1);
        await EndLeasesAsync();

        // After the files are written; whether before or after the trial is written down, it must come to the same.
        await Eventually.TrueAsync(() => Directory.Exists(Path.Combine(UpgradeFolder, "versions", New)), "the program to be stored", 60);
        await Manager.KillAsync();
        Gate.Ranges[^1].ShouldStartWith("bytes=", Case.Sensitive, "the download went on where it was");
        long.Parse(Gate.Ranges[^1]["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(had);

        // After the switch, and before it could prove itself.
        var notes = Path.Combine(UpgradeFolder, "upgrade.json");
        if (!File.Exists(notes) || !(await File.ReadAllTextAsync(notes)).Contains("\"trial\"", StringComparison.Ordinal))
        {
            Gate.AdmitOnly(1);
            await EndLeasesAsync();
        }
        else
        {
            Gate.AdmitOnly(0);
        }

        await Eventually.TrueAsync(() => Manager.Program?.Contains(New, StringComparison.Ordinal) == true, "the new version to be tried", 60);
        await Manager.KillAsync();
        await Eventually.TrueAsync(() => Manager.Program?.Contains(New, StringComparison.Ordinal) == true, "it to be tried again", 60);
        Gate.AdmitAll();
        await UntilAsync(upgrade, "completed");
        await UntilVersionAsync(New);

        // After it has proved itself.
        await Manager.KillAsync();
        await UntilVersionAsync(New);
        Stack.CollectorPid(Stack.Production).ShouldBe(collector);
        await ShouldHaveNoGapAsync();
    }

    private static long Length(FileInfo file)
    {
        file.Refresh();
        return file.Exists ? file.Length : 0;
    }

    private static byte[] Script(string body) => System.Text.Encoding.UTF8.GetBytes("#!/bin/sh\n" + body + "\n");

    private void Release(string version, byte[] agent)
    {
        var folder = Path.Combine(Stack.ReleaseDirectory, version, RuntimeInformation.OSArchitecture is Architecture.Arm64 ? "linux-arm64" : "linux-x64");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "phoenix-agent"), agent);
    }

    private async Task<Guid> BeginAsync(string version, double confirmSeconds = 30) =>
        (await Api.PostAsync("upgrades", new { release = version, hosts = new[] { Stack.Host }, soakSeconds = 0, confirmSeconds, reason = $"to run {version}" }))!["id"]!.GetValue<Guid>();

    private Task<JsonNode> UntilAsync(Guid upgrade, string state) =>
        Eventually.GetAsync(() => Api.ReadAsync($"upgrades/{upgrade}"), u => u["upgrade"]!["state"]!.GetValue<string>() == state, $"the upgrade to be {state}", 90);

    private async Task<string> ErrorAsync(Guid upgrade) => (await Api.ReadAsync($"upgrades/{upgrade}"))["hosts"]!["items"]![0]!["error"]?.GetValue<string>() ?? "";

    /// <summary>Asks for the version and returns why it failed, or why it failed before.</summary>
    private async Task<string> UntilFailedAsync(string version, bool begin = true, double confirmSeconds = 30)
    {
        if (!begin)
        {
            return await ErrorAsync((await Api.ReadAsync("upgrades"))["items"]!.AsArray().Single(u => u!["release"]!.GetValue<string>() == version)!["id"]!.GetValue<Guid>());
        }

        var upgrade = await BeginAsync(version, confirmSeconds);
        await UntilAsync(upgrade, "held");
        await Api.PostAsync($"upgrades/{upgrade}/abort", new { reason = "it does not work" });
        return await ErrorAsync(upgrade);
    }

    /// <summary>The last failure of a task, with the log that came with it.</summary>
    private async Task<string> TaskErrorAsync() => (await Eventually.GetAsync(
        () => Api.AuditAsync(), log => log.Any(e => e.Type == "task_failed"), "the failure in the log", 30)).Last(e => e.Type == "task_failed").Data.ToString();

    private async Task UntilVersionAsync(string version) =>
        await Eventually.GetAsync(async () => (await Api.TryReadAsync($"agents/{Stack.Host}"))?["agentVersion"]?.GetValue<string>(), v => v == version, $"the host to say {version}", 60);

    /// <summary>A killed agent's task is handed out again when its lease has ended: now instead of in a minute.</summary>
    private async Task EndLeasesAsync() =>
        await Stack.Database.ExecuteAsync("update phoenix.task_queue set lease_until = now() - interval '1 second' where status = 1");
}
