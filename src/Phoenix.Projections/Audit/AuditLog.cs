using System.Security.Cryptography;
using System.Text;
using Phoenix.Projections.Fleet;

namespace Phoenix.Projections.Audit;

/// <summary>
/// Every event in order with who, why and what it followed from. It is the event store itself, read through a view and found through
/// indexes of its own: there is no copy that could be late, be rebuilt or lack something.
/// </summary>
public static class AuditLog
{
    /// <summary>
    /// One row for each event. <c>experiment_id</c>: an experiment's own events and those of its tasks and hosts belong together.
    /// </summary>
    public const string View = "phoenix.audit_log";

    /// <summary>Event header with the reason a person gave.</summary>
    public const string ReasonHeader = "reason";

    /// <summary>Event header that says how an agent proved who it is.</summary>
    public const string VerificationHeader = "verification";

    /// <summary>Event header that names the experiment for which a task's event happened.</summary>
    public const string ExperimentHeader = "experiment";

    /// <summary>Event header with the id of the event that this one followed from, where a message of the control plane led to it.</summary>
    public const string CauseHeader = "cause";

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>The index answers for the view's column: both have to say it with the same words.</summary>
    const string Experiment =
        $"(case when mt_dotnet_type like 'Phoenix.Domain.Experiments.%' then stream_id else (headers ->> '{ExperimentHeader}')::uuid end)";

    const string Cause = $"((headers ->> '{CauseHeader}')::uuid)";

    /// <summary>Name and definition of the indexes on the event store's table, which its own migrations have to leave alone.</summary>
    public static readonly IReadOnlyDictionary<string, string> Indexes = new Dictionary<string, string>
    {
        ["ix_audit_experiment"] = $"({Experiment}, seq_id) where {Experiment} is not null",
        ["ix_audit_actor"] = "(user_name, seq_id)",
        ["ix_audit_time"] = "(\"timestamp\")",
        ["ix_audit_correlation"] = "(correlation_id, seq_id) where correlation_id is not null",
        // An event that follows from another names it by its id, for which the event store has no index.
        ["ix_audit_event"] = "(id)",
        ["ix_audit_cause"] = $"({Cause}, seq_id) where {Cause} is not null",
        // What the fleet was at a moment asks of each host.
        ["ix_audit_host_changed"] = FleetAsOf.IndexDefinition,
    };

    /// <summary>Whether all is there and today's: one look into the catalogue, which waits for nobody. The comment of each part names the text it was made from.</summary>
    public static string IsMade => $"select {string.Join(" and ", Indexes.Select(i => IsToday(Full(i.Key), i.Value)).Prepend(IsToday(View, CreateView)))}";

    /// <summary>Makes what is missing, and anew what was made from another text. Appends wait for the indexes of a long log: at an upgrade, once.</summary>
    public static string Make =>
        $"""
        do $$ begin
          -- Until it became a view it was a table that a projection filled.
          if (select relkind from pg_class where oid = to_regclass('{View}')) = 'r' then
            drop table {View};
            delete from {EventStoreOptions.Schema}.mt_event_progression where name like 'AuditLog:%';
          end if;
        end $$;

        """ +
        string.Concat(Indexes.Select(i =>
            $"""
            do $$ begin
              if not {IsToday(Full(i.Key), i.Value)} then
                drop index if exists {Full(i.Key)};
                create index {i.Key} on {Events} {i.Value};
                comment on index {Full(i.Key)} is '{Fingerprint(i.Value)}';
              end if;
            end $$;

            """)) +
        $"""
        {CreateView};
        comment on view {View} is '{Fingerprint(CreateView)}';
        """;

    static string Full(string index) => $"{EventStoreOptions.Schema}.{index}";

    static string IsToday(string made, string from) => $"coalesce(obj_description(to_regclass('{made}'), 'pg_class') = '{Fingerprint(from)}', false)";

    static string CreateView =>
        $"""
        create or replace view {View} as
        select seq_id as sequence, id as event_id, "timestamp" as at, stream_id, version as stream_version,
          split_part(split_part(mt_dotnet_type, ',', 1), '.', 3) as stream_type, {Experiment} as experiment_id, type::text as type, user_name::text as actor,
          headers ->> '{VerificationHeader}' as verification, headers ->> '{ReasonHeader}' as reason,
          correlation_id::text as correlation_id, causation_id::text as causation_id, data, {Cause} as cause_id
        from {Events}
        """;

    static string Fingerprint(string text) => "made from " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
