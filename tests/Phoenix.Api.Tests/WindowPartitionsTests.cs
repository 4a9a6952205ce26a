using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Phoenix.Api.Measurements;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class WindowPartitionsTests(ControlPlane plane)
{
    NpgsqlDataSource Database => plane.Host.Services.GetRequiredService<NpgsqlDataSource>();

    WindowPartitions Partitions => plane.Host.Services.GetServices<IHostedService>().OfType<WindowPartitions>().Single();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task there_is_a_partition_for_yesterday_and_for_each_day_of_the_week_that_comes()
    {
        var today = await Today();
        for (var day = -1; day <= 7; day++) (await Exists(today.AddDays(day))).ShouldBeTrue($"day {day}");
    }

    [Fact]
    public async Task windows_of_a_day_without_a_partition_are_kept_and_moved_when_there_is_one()
    {
        var day = (await Today()).AddDays(7);
        await Execute($"drop table {Name(day)}");
        var experiment = Guid.CreateVersion7();
        await Insert(day, experiment, 1);
        await Partitions.Keep(Cancellation);
        (await Scalar<long>($"select count(*) from {Name(day)} where experiment_id = '{experiment}'")).ShouldBe(1);
        (await Scalar<long>($"select count(*) from {WindowStore.TableName} where experiment_id = '{experiment}'")).ShouldBe(1);
    }

    [Fact]
    public async Task days_past_their_retention_are_dropped_and_the_last_one_within_it_is_not()
    {
        var (kept, gone) = ((await Today()).AddDays(-30), (await Today()).AddDays(-31));
        foreach (var day in (DateOnly[])[kept, gone])
            await Execute($"create table if not exists {Name(day)} partition of {WindowStore.TableName} for values from ('{day:yyyy-MM-dd}') to ('{day.AddDays(1):yyyy-MM-dd}')");
        var (experiment, old) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Insert(kept, experiment, 1);
        await Insert(gone, old, 1);
        await Insert(gone.AddDays(-1), old, 2);
        await Partitions.Keep(Cancellation);
        (await Exists(kept)).ShouldBeTrue();
        (await Exists(gone)).ShouldBeFalse();
        (await Scalar<long>($"select count(*) from {WindowStore.TableName} where experiment_id = '{experiment}'")).ShouldBe(1);
        (await Scalar<long>($"select count(*) from {WindowStore.TableName} where experiment_id = '{old}'")).ShouldBe(0);
        await Execute($"drop table {Name(kept)}");
    }

    [Fact]
    public async Task a_window_that_was_reported_before_midnight_is_not_taken_again_after_it()
    {
        var experiment = Guid.CreateVersion7();
        await Insert((await Today()).AddDays(-1), experiment, 1);
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        WindowStore.Add(session, experiment, "host", [Windows.Good(1), Windows.Good(2)]);
        await session.SaveChangesAsync(Cancellation);
        WindowStore.Add(session, experiment, "host", [Windows.Good(2)]);
        await session.SaveChangesAsync(Cancellation);
        (await Scalar<long>($"select count(*) from {WindowStore.TableName} where experiment_id = '{experiment}'")).ShouldBe(2);
    }

    static string Name(DateOnly day) => $"{WindowStore.TableName}_{day:yyyyMMdd}";

    Task<DateOnly> Today() => Scalar<DateOnly>("select (now() at time zone 'UTC')::date");

    Task<bool> Exists(DateOnly day) => Scalar<bool>($"select to_regclass('{Name(day)}') is not null");

    Task Insert(DateOnly day, Guid experiment, int number) =>
        Execute($"insert into {WindowStore.TableName} values ('{day:yyyy-MM-dd}', '{experiment}', {number}, 'host', now(), '{{}}')");

    async Task Execute(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    async Task<T> Scalar<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        await reader.ReadAsync(Cancellation);
        return await reader.GetFieldValueAsync<T>(0, Cancellation);
    }
}
