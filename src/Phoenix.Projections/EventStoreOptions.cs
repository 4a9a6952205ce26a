using System.Text.Json;
using System.Text.Json.Serialization;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Backends;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Explorations;
using Phoenix.Domain.Notifications;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Upgrades;
using Phoenix.Domain.Usage;
using Phoenix.Domain.Users;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Pipelines;
using Phoenix.Projections.Savings;
using Phoenix.Projections.Tasks;
using Weasel.Core;

namespace Phoenix.Projections;

/// <summary>How Phoenix keeps its events, and the one place where every projection and its life cycle is registered.</summary>
public static class EventStoreOptions
{
    public const string Schema = "phoenix";

    /// <summary>JSON as stored; what is served uses the same conventions.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Gives events their time.</summary>
    public static readonly TimeProvider Clock = new MicrosecondTimeProvider();

    /// <summary>Every event type by stream, for the catalogue and for registration.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<Type>> EventTypes = new Dictionary<string, IReadOnlyList<Type>>
    {
        ["Experiment"] =
        [
            typeof(ExperimentDrafted), typeof(ExperimentEdited), typeof(ExperimentStarted), typeof(VariantsApplied), typeof(WarmUpEnded), typeof(WindowMeasured),
            typeof(WindowVoided), typeof(GuardrailBreached), typeof(VerdictReached), typeof(CandidateRemoved), typeof(ExperimentCompleted),
            typeof(PromotionRequested), typeof(VariantPromoted), typeof(ExperimentPromoted), typeof(RollbackRequested),
            typeof(BaselineRestored), typeof(ExperimentRolledBack), typeof(StopRequested), typeof(ExperimentStopped), typeof(HostFailed),
            typeof(ExperimentArchived), typeof(ExperimentUnarchived), typeof(HostsLeftOut), typeof(ExperimentExtended), typeof(CandidateRenewed),
            typeof(BaselineKept), typeof(PromotionWithdrawn), typeof(FleetSampled),
        ],
        ["AgentTask"] =
        [
            typeof(TaskQueued), typeof(TaskAssigned), typeof(TaskProgressed), typeof(TaskSucceeded), typeof(TaskFailed),
            typeof(TaskLeaseExpired), typeof(TaskRequeued), typeof(TaskDeadLettered), typeof(TaskRevived), typeof(TaskCancelled),
        ],
        ["Deployment"] =
        [
            typeof(DeploymentRequested), typeof(DeploymentApproved), typeof(DeploymentRejected), typeof(WaveStarted), typeof(HostsDeployed),
            typeof(HostDeploymentsFailed), typeof(HostsNotReached), typeof(WaveCompleted), typeof(WaveJudged), typeof(DeploymentHeld),
            typeof(DeploymentResumed), typeof(DeploymentRollbackRequested), typeof(HostsRestored), typeof(HostRestoresFailed),
            typeof(DeploymentRolledBack), typeof(DeploymentCompleted), typeof(DeploymentAborted),
        ],
        ["ChangePolicy"] = [typeof(ChangePolicySet)],
        ["MetricProtection"] = [typeof(ProtectedMetricsSet)],
        ["Upgrade"] =
        [
            typeof(UpgradeRequested), typeof(UpgradeStageStarted), typeof(HostsUpgraded), typeof(HostUpgradesFailed), typeof(HostsUnreached),
            typeof(UpgradeStageCompleted), typeof(UpgradeHeld), typeof(UpgradeResumed), typeof(UpgradeRollbackRequested), typeof(HostsReturned),
            typeof(HostReturnsFailed), typeof(UpgradeRolledBack), typeof(UpgradeCompleted), typeof(UpgradeAborted),
        ],
        ["Agent"] =
        [
            typeof(AgentEnrolled), typeof(AgentReEnrolmentAllowed), typeof(AgentCredentialRotated), typeof(AgentLabelled), typeof(AgentLost),
            typeof(AgentRecovered), typeof(AgentDrained), typeof(AgentDrainEnded), typeof(AgentDecommissioned), typeof(AgentRecommissioned),
        ],
        ["Group"] = [typeof(GroupDefined), typeof(GroupDeleted)],
        ["Pipeline"] = [typeof(PipelineDrafted), typeof(PipelineVersionPublished), typeof(PipelineDeprecated)],
        ["PriceBook"] =
        [
            typeof(PriceEntryAdded), typeof(PriceEntryCorrected), typeof(PriceEntryRemoved), typeof(ContractOverrideSet),
            typeof(ContractOverrideCorrected), typeof(ContractOverrideRemoved), typeof(ExchangeRateSet), typeof(ExchangeRateRemoved),
            typeof(OperatorRatesSet), typeof(OperatorRatesRemoved),
        ],
        ["Backend"] = [typeof(BackendDefined), typeof(BackendChanged), typeof(BackendCredentialReplaced), typeof(BackendRemoved)],
        ["NotificationTarget"] =
        [
            typeof(NotificationTargetDefined), typeof(NotificationTargetChanged), typeof(NotificationTargetEnabled), typeof(NotificationTargetDisabled),
            typeof(NotificationSecretRotated), typeof(NotificationTargetRemoved),
        ],
        ["Budget"] = [typeof(BudgetSet), typeof(BudgetChanged), typeof(BudgetRemoved), typeof(BudgetBreached), typeof(BudgetForecastBreached), typeof(BudgetCleared)],
        ["Exploration"] = [typeof(ExplorationRequested)],
        ["Usage"] = [typeof(UsageRecorded), typeof(UsageCorrected)],
        ["User"] =
        [
            typeof(UserRegistered), typeof(AccessTokenIssued), typeof(EnrolmentTokenIssued), typeof(FirstSecretReissued), typeof(SigningKeyRotated),
            typeof(UserRoleChanged), typeof(UserDisabled), typeof(UserEnabled), typeof(UserNameErased), typeof(OneTimeSecretIssued), typeof(AccessTokenRevoked),
        ],
    };

    public static void ConfigurePhoenix(this StoreOptions options)
    {
        options.DatabaseSchemaName = Schema;
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, json =>
        {
            foreach (var converter in Json.Converters) json.Converters.Insert(0, converter);
        });

        options.Events.StreamIdentity = StreamIdentity.AsGuid;
        options.Events.EnableBigIntEvents = true;
        // Nodes are told of appends after the commit, since NOTIFY inside of it makes commits wait for each other; what nobody told of, as the
        // claim's events, is found by looking.
        options.Projections.SlowPollingTime = TimeSpan.FromMilliseconds(250);
        options.Projections.FastPollingTime = TimeSpan.FromMilliseconds(100);
        options.Events.MetadataConfig.CorrelationIdEnabled = true;
        options.Events.MetadataConfig.CausationIdEnabled = true;
        options.Events.MetadataConfig.HeadersEnabled = true;
        options.Events.MetadataConfig.UserNameEnabled = true;
        // Timestamps are the appending node's; PostgreSQL keeps microseconds, so that a rebuild sees what the live projection saw.
        options.Events.TimeProvider = Clock;
        options.Events.EnableEventTypeIndex = true;
        foreach (var index in AuditLog.Indexes.Keys) options.Events.IgnoreIndex(index);
        options.Events.AddEventTypes(EventTypes.Values.SelectMany(t => t));

        options.Schema.For<PipelineText>().UniqueIndex(p => p.Name);
        options.Schema.For<HostGroup>().UniqueIndex(g => g.Name);

        RegisterProjections(options);

        // Money and audit must stop at an event they cannot apply, never leave it out.
        options.Projections.Errors.SkipApplyErrors = false;
        options.Projections.Errors.SkipUnknownEvents = false;
        options.Projections.Errors.SkipSerializationErrors = false;
        options.Projections.RebuildErrors.SkipApplyErrors = false;
        options.Projections.RebuildErrors.SkipUnknownEvents = false;
        options.Projections.RebuildErrors.SkipSerializationErrors = false;
    }

    /// <summary>
    /// Inline: what a command decides on must be true in the transaction that changed it. Async: what people read and
    /// count may be a moment late, and stops visibly when it cannot go on.
    /// </summary>
    static void RegisterProjections(StoreOptions options)
    {
        options.Projections.Add(new TaskQueueProjection(), ProjectionLifecycle.Inline, TaskQueueProjection.Name,
            async => async.DeleteDataInTableOnTeardown(TaskQueueProjection.TableName));
        options.Storage.ExtendedSchemaObjects.AddRange(TaskQueueProjection.SchemaObjects);
        options.Projections.Add(new ExperimentHostsProjection(), ProjectionLifecycle.Inline);
        options.Projections.Snapshot<Experiment>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Upgrade>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Deployment>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<ChangePolicy>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<MetricProtection>(SnapshotLifecycle.Inline);
        options.Projections.Add(new FleetProjection(), ProjectionLifecycle.Inline, FleetProjection.Name,
            async =>
            {
                async.DeleteDataInTableOnTeardown(FleetProjection.TableName);
                async.DeleteDataInTableOnTeardown(TaskQueueProjection.HoldTableName);
            });
        options.Storage.ExtendedSchemaObjects.AddRange(FleetProjection.SchemaObjects);
        options.Projections.Add(new PipelineTextProjection(), ProjectionLifecycle.Inline);
        options.Projections.Snapshot<HostGroup>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<PriceBook>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Backend>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<NotificationTarget>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Budget>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<UsageDay>(SnapshotLifecycle.Inline);
        options.Projections.Add(new SavingsLedgerProjection(), ProjectionLifecycle.Async);
        options.Projections.Add(new HostVersionsProjection(), ProjectionLifecycle.Async);
        options.Projections.LiveStreamAggregation<AgentTask>();
        options.Projections.LiveStreamAggregation<Agent>();
        options.Projections.LiveStreamAggregation<Pipeline>();
        options.Projections.LiveStreamAggregation<Exploration>();
    }

    sealed class MicrosecondTimeProvider : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            var now = base.GetUtcNow();
            return new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        }
    }
}
