using Weasel.Core;
using Weasel.Postgresql;
using Weasel.Postgresql.Functions;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Tasks;

/// <summary>
/// What the database itself does for the queue: it proves hosts and hands their tasks out. The role that claims may do nothing
/// but call <see cref="Claim"/>, which believes no host id without its proof, so that neither a wrong statement nor an injected
/// one through that role gets at another host's tasks.
/// </summary>
public static class TaskClaim
{
    /// <summary>The key of the proofs, as the two padded keys of HMAC (RFC 2104). One row, for the owner's eyes alone.</summary>
    public const string KeyTableName = "phoenix.queue_key";

    /// <summary><c>(hosts text[]) → (host_id, valid_until, proof)</c>: proves hosts whose credential was checked. For the owner.</summary>
    public const string Prove = "phoenix.host_proofs";

    /// <summary>
    /// <c>(hosts text[], valid_until timestamptz[], proofs bytea[], lease interval, most integer, urgent integer) → tasks</c>. Assigns what is due to
    /// these hosts and appends <c>TaskAssigned</c>; delivers again, under the same lease, what was assigned and never acknowledged.
    /// Hosts without a valid proof have no tasks here.
    /// </summary>
    public const string Claim = "phoenix.task_claim";

    /// <summary>How long a proof counts. Whoever got hold of one may claim that host's tasks until then.</summary>
    public static readonly TimeSpan ProofLifetime = TimeSpan.FromMinutes(10);

    const string Queue = TaskQueueProjection.TableName;

    /// <summary>Purposes that take something off a host: a drained host still gets them.</summary>
    const string TakesOff = "('RemoveCandidate', 'RestoreBaseline')";

    /// <summary>
    /// Which tasks go to <c>hosts($1)</c>, at most <c>$2</c> at work on a host, but always one of at least priority <c>$3</c>. In the order of
    /// their rank; rows that another claim has in its hands are passed by.
    /// </summary>
    /// <remarks>"is true" keeps the planner from the index over the times of all hosts' tasks.</remarks>
    public const string Choose =
        $"""
        select c.id
        from unnest($1) h(host_id)
        cross join lateral (select count(*) as at_work from {Queue} a where a.host_id = h.host_id and a.status = 1) w
        left join {TaskQueueProjection.HoldTableName} held on held.host_id = h.host_id
        cross join lateral (
            select t.id from {Queue} t
            where t.host_id = h.host_id and t.status = 0 and (t.not_before <= now()) is true
              and (w.at_work < $2 or t.priority >= $3)
              and (held.host_id is null or (not held.decommissioned and t.purpose in {TakesOff}))
            order by t.rank limit greatest($2 - w.at_work, 1) for update skip locked) c
        """;

    /// <summary>Assignments of <c>hosts($1)</c> that no agent has acknowledged, those of this transaction among them.</summary>
    /// <remarks>"is true" keeps the planner from the index over the leases of all hosts.</remarks>
    public const string Unacknowledged =
        $"""
        select q.id, q.host_id, q.experiment_id, q.attempt, q.lease, q.lease_until, q.desired
        from unnest($1) h(host_id)
        cross join lateral (
            select * from {Queue} t
            where t.host_id = h.host_id and t.status = 1 and not t.acknowledged and (t.lease_until > now()) is true
            order by t.rank) q
        """;

    /// <summary>
    /// What holds while the functions run: names are found nowhere but where they are said to be, JSON times are in UTC, and the plan stays with
    /// the indexes however far the table's statistics are behind. Plans whose cost is so forbidden would be compiled too, which takes 200 ms.
    /// </summary>
    const string Settings =
        """
        set search_path = pg_catalog, pg_temp
        set timezone = 'UTC'
        set enable_seqscan = off
        set enable_bitmapscan = off
        set enable_hashjoin = off
        set enable_mergejoin = off
        set jit = off
        """;

    static string Body => Choose.Replace("$1", "proved").Replace("$2", "most").Replace("$3", "urgent");

    static string ClaimFunction =>
        $$"""
        create or replace function {{Claim}}(hosts text[], valid_until timestamptz[], proofs bytea[], lease_length interval, most integer, urgent integer)
        returns table (task uuid, host text, experiment uuid, nth_attempt integer, fence bigint, until timestamptz, desired jsonb)
        language plpgsql security definer
        {{Settings}}
        as $function$
        declare
          proved text[];
          chosen uuid[];
        begin
          select array_agg(h.host_id) into proved
          from unnest(hosts, valid_until, proofs) h(host_id, valid_until, proof), {{KeyTableName}} k
          where h.valid_until > now() and h.proof = {{Mac}};

          select array_agg(id) into chosen from ({{Body}}) due;

          if chosen is not null then
            with assigned as (
              update {{Queue}} q
              set status = 1, lease = nextval('{{TaskQueueProjection.LeaseSequence}}'), lease_until = now() + lease_length, attempt = q.attempt + 1, acknowledged = false
              where q.id = any(chosen)
              returning q.id, q.experiment_id, q.lease, q.lease_until, q.attempt),
            grown as (
              update phoenix.mt_streams s set version = s.version + 1, timestamp = now() from assigned a where s.id = a.id
              returning s.version, a.*)
            insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived, headers, user_name)
            select nextval('phoenix.mt_events_sequence'), gen_random_uuid(), g.id, g.version,
              jsonb_build_object('lease', g.lease, 'leaseUntil', g.lease_until, 'attempt', g.attempt), 'task_assigned', now(), '*DEFAULT*',
              'Phoenix.Domain.Tasks.TaskAssigned, Phoenix.Domain', false,
              case when g.experiment_id <> '00000000-0000-0000-0000-000000000000' then jsonb_build_object('experiment', g.experiment_id) end, 'system'
            from grown g;
          end if;

          return query {{Unacknowledged.Replace("$1", "proved")}};
        end
        $function$;
        """;

    static string ProveFunction =>
        $$"""
        create or replace function {{Prove}}(hosts text[])
        returns table (host_id text, valid_until timestamptz, proof bytea)
        language sql stable
        {{Settings}}
        as $function$
          select h.host_id, h.valid_until, {{Mac}}
          from (select u.host_id, date_trunc('second', now()) + interval '{{ProofLifetime.TotalSeconds:0}} seconds' as valid_until from unnest(hosts) u(host_id)) h, {{KeyTableName}} k
        $function$;
        """;

    /// <summary>HMAC-SHA-256 over the host and the end of the proof.</summary>
    const string Mac =
        "sha256(k.outer_pad || sha256(k.inner_pad || convert_to(h.host_id || E'\\n' || extract(epoch from h.valid_until)::bigint, 'UTF8')))";

    public static IReadOnlyList<ISchemaObject> SchemaObjects
    {
        get
        {
            var key = new Table(KeyTableName);
            key.AddColumn("id", "smallint").AsPrimaryKey();
            key.AddColumn("inner_pad", "bytea").NotNull();
            key.AddColumn("outer_pad", "bytea").NotNull();
            return [key, Function(Prove, ProveFunction), Function(Claim, ClaimFunction)];
        }
    }

    static Function Function(string name, string sql) => new(new PostgresqlObjectName(EventStoreOptions.Schema, name[(EventStoreOptions.Schema.Length + 1)..], SchemaUtils.IdentifierUsage.General), sql);
}
