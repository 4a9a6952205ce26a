using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;

namespace Phoenix.Api.Tests;

/// <summary>On a database of its own: connections of other nodes must not be counted.</summary>
public sealed class DatabaseUseTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    NpgsqlDataSource Database => plane.Host.Services.GetRequiredService<NpgsqlDataSource>();

    [Fact]
    public async Task a_node_stays_within_its_budget_of_connections_under_load()
    {
        await using var watch = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(plane.ConnectionString) { ApplicationName = "watch", Pooling = false });
        var load = Task.WhenAll(Enumerable.Range(0, 300).Select(async _ =>
        {
            for (var i = 0; i < 5; i++) (await plane.User.GetAsync("/api/v2/audit?limit=10")).EnsureSuccessStatusCode();
        }));
        long most = 0;
        while (!load.IsCompleted)
        {
            await using var count = watch.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and application_name <> 'watch'");
            most = Math.Max(most, (long)(await count.ExecuteScalarAsync())!);
        }
        await load;
        most.ShouldBeInRange(5, Infrastructure.Database.MaxConnections + QueueAccess.MaxConnections);
        new NpgsqlConnectionStringBuilder(Database.ConnectionString).MaxPoolSize.ShouldBe(Infrastructure.Database.MaxConnections);
    }

    [Fact]
    public async Task hot_tables_have_their_settings_and_a_second_start_changes_nothing()
    {
        foreach (var (table, settings) in HotTables.Settings) (await Options(table)).ShouldBe(settings.Split(", "), ignoreOrder: true, table);
        await Execute("alter table phoenix.task_queue reset (fillfactor)");

        await new HotTables(Database).StartAsync(CancellationToken.None);
        await new HotTables(Database).StartAsync(CancellationToken.None);

        foreach (var (table, settings) in HotTables.Settings) (await Options(table)).ShouldBe(settings.Split(", "), ignoreOrder: true, table);
    }

    async Task<string[]> Options(string table)
    {
        await using var command = Database.CreateCommand("select coalesce(reloptions, '{}') from pg_class where oid = $1::regclass");
        command.Parameters.Add(new() { Value = table });
        return (string[])(await command.ExecuteScalarAsync())!;
    }

    async Task Execute(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
