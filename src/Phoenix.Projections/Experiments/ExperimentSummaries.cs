using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Projections.Experiments;

/// <summary>
/// One narrow row for each experiment, which the database itself keeps beside the snapshot in the transaction that changes it. The snapshot of an experiment
/// of ten thousand hosts takes hundreds of kilobytes, and to look at any part of it is to unpack all of it: a list of a thousand would take seconds.
/// </summary>
/// <remarks>
/// A trigger and no projection: what counts as evidence, and which state follows, is decided in <c>Experiment</c> alone, and a rebuild of the snapshot
/// rebuilds this with it.
/// </remarks>
public static class ExperimentSummaries
{
    public const string TableName = "phoenix.experiment_summary";

    /// <summary>Hosts of each experiment, in a table of their own: they stay while windows come, and their index with them.</summary>
    public const string HostsTableName = "phoenix.experiment_summary_host";

    /// <summary>Types of events, for SQL: from an experiment's first of them on, no host of it has a candidate any more.</summary>
    public const string CandidateEnds = "'experiment_completed', 'experiment_stopped', 'experiment_rolled_back'";

    const string Snapshot = "phoenix.mt_doc_experiment";

    /// <summary>Whether all is there and today's; one look into the catalogue, which waits for nobody.</summary>
    public static string IsMade => $"select coalesce(obj_description(to_regclass('{TableName}'), 'pg_class') = '{Fingerprint}', false)";

    /// <summary>Makes the tables anew from the snapshots. Commands to experiments wait meanwhile: at an upgrade, once.</summary>
    public static string Make => $"{Statements}\ncomment on table {TableName} is '{Fingerprint}';";

    /// <summary>All of what is made: a change of any part of it is a reason to make everything anew.</summary>
    static string Statements =>
        Definition +
        $"""
        -- A snapshot that is stored between the trigger and the copy waits for this lock.
        lock table {Snapshot} in share row exclusive mode;
        create or replace trigger summarise after insert or update or delete on {Snapshot} for each row execute function phoenix.summarise_experiment();
        create or replace trigger summarise_none after truncate on {Snapshot} for each statement execute function phoenix.summarise_experiment();
        select phoenix.keep_experiment_summary(id, mt_version, data) from {Snapshot};
        """;

    const string Definition =
        $$"""
        drop table if exists {{TableName}}, {{HostsTableName}};
        create table {{TableName}} (
          id uuid primary key, version integer not null, name text not null, state text not null, archived boolean not null, drafted_at timestamptz not null,
          started_at timestamptz, run_ends_at timestamptz, baseline jsonb not null, candidate jsonb not null, hosts integer not null, windows integer not null,
          baseline_live bigint not null, candidate_live bigint not null, baseline_series bigint not null, candidate_series bigint not null,
          baseline_points bigint not null, candidate_points bigint not null, seconds float8 not null, baseline_cpu_ms float8 not null,
          baseline_resident bigint not null, candidate_cpu_ms float8 not null, candidate_resident bigint not null, saving jsonb, verdict text, breach text,
          baseline_kept boolean not null);
        create table {{HostsTableName}} (id uuid primary key, hosts text[] not null);
        create index ix_experiment_summary_host on {{HostsTableName}} using gin (hosts);

        create or replace function phoenix.keep_experiment_summary(experiment uuid, revision bigint, snapshot jsonb) returns void language plpgsql as $keep$
        declare
          -- Unpacked once, and not for each of its parts.
          d jsonb := snapshot || '{}';
          before text;
        begin
          select state into before from {{TableName}} where id = experiment;
          insert into {{TableName}} values (
            experiment, revision, d->>'name', d->>'state', coalesce((d->>'archived')::boolean, false), (d->>'draftedAt')::timestamptz,
            (d->>'startedAt')::timestamptz, (d->>'runEndsAt')::timestamptz, d->'baseline', d->'candidate', jsonb_array_length(d->'hosts'),
            coalesce((d->'evidence'->>'windows')::integer, 0),
            coalesce((d#>>'{evidence,baseline,seriesActive}')::bigint, 0), coalesce((d#>>'{evidence,candidate,seriesActive}')::bigint, 0),
            coalesce((d#>>'{evidence,baseline,seriesDistinct}')::bigint, 0), coalesce((d#>>'{evidence,candidate,seriesDistinct}')::bigint, 0),
            coalesce((d#>>'{evidence,baseline,points}')::bigint, 0), coalesce((d#>>'{evidence,candidate,points}')::bigint, 0),
            coalesce((d#>>'{evidence,seconds}')::float8, 0), coalesce((d#>>'{evidence,baseline,cpuMs}')::float8, 0), coalesce((d#>>'{evidence,baseline,residentBytes}')::bigint, 0),
            coalesce((d#>>'{evidence,candidate,cpuMs}')::float8, 0), coalesce((d#>>'{evidence,candidate,residentBytes}')::bigint, 0),
            nullif(d#>'{verdict,saving}', 'null'), d#>>'{verdict,outcome}', d#>>'{breach,guardrail}', coalesce((d->>'baselineKept')::boolean, false))
          on conflict (id) do update set
            version = excluded.version, name = excluded.name, state = excluded.state, archived = excluded.archived, drafted_at = excluded.drafted_at,
            started_at = excluded.started_at, run_ends_at = excluded.run_ends_at, baseline = excluded.baseline, candidate = excluded.candidate,
            hosts = excluded.hosts, windows = excluded.windows, baseline_live = excluded.baseline_live, candidate_live = excluded.candidate_live,
            baseline_series = excluded.baseline_series, candidate_series = excluded.candidate_series, baseline_points = excluded.baseline_points,
            candidate_points = excluded.candidate_points, seconds = excluded.seconds, baseline_cpu_ms = excluded.baseline_cpu_ms,
            baseline_resident = excluded.baseline_resident, candidate_cpu_ms = excluded.candidate_cpu_ms, candidate_resident = excluded.candidate_resident, saving = excluded.saving, verdict = excluded.verdict, breach = excluded.breach,
            baseline_kept = excluded.baseline_kept;
          -- Hosts are frozen once the variants are on them; until then they are compared.
          if before is null or before in ('draft', 'starting') then
            insert into {{HostsTableName}} as h values (experiment, array(select jsonb_array_elements_text(d->'hosts')))
            on conflict (id) do update set hosts = excluded.hosts where h.hosts is distinct from excluded.hosts;
          end if;
        end $keep$;

        create or replace function phoenix.summarise_experiment() returns trigger language plpgsql as $summarise$
        begin
          if tg_op = 'TRUNCATE' then
            truncate {{TableName}}, {{HostsTableName}};
          elsif tg_op = 'DELETE' then
            delete from {{TableName}} where id = old.id;
            delete from {{HostsTableName}} where id = old.id;
          else
            perform phoenix.keep_experiment_summary(new.id, new.mt_version, new.data);
          end if;
          return null;
        end $summarise$;

        """;

    static string Fingerprint => "made from " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Statements)))[..16];
}
