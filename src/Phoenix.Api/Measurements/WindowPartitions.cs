using Npgsql;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Measurements;

/// <summary>The table of raw windows, by the day on which they were reported. <c>PHOENIX_WINDOW_RETENTION_DAYS</c>, 30 days where it is not set.</summary>
public sealed class WindowPartitions(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<WindowPartitions> log)
    : DayPartitions(database, WindowStore.TableName, "reported_on", Table + TakeOver, Retention(configuration), "Reported windows", clock, log)
{
    public const string RetentionVariable = "PHOENIX_WINDOW_RETENTION_DAYS";

    public static int Retention(IConfiguration configuration) => Retention(configuration, RetentionVariable, 30);

    const string Table =
        $"""
        create table if not exists {WindowStore.TableName} (
          reported_on date not null, experiment_id uuid not null, number integer not null, host_id text not null, reported_at timestamptz not null, report jsonb not null,
          primary key (experiment_id, number, host_id, reported_on)) partition by range (reported_on);
        create index if not exists ix_window_report_host on {WindowStore.TableName} (experiment_id, host_id, number);
        create table if not exists {WindowStore.TableName}_default partition of {WindowStore.TableName} default;
        """;

    /// <summary>What an earlier version kept in one table without partitions goes on from where it was.</summary>
    const string TakeOver =
        $"""

        do $$ begin
          if to_regclass('phoenix.measurement_window') is not null then
            insert into {WindowStore.TableName}(reported_on, experiment_id, host_id, number, reported_at, report) select (reported_at at time zone 'UTC')::date, experiment_id, host_id, number, reported_at, report from phoenix.measurement_window on conflict do nothing;
            drop table phoenix.measurement_window;
          end if;
        end $$;
        """;
}
