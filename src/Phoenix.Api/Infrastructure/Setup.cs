using System.Text.Json.Serialization;
using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.Core;
using Marten;
using Marten.Exceptions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.ResponseCompression;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Backends;
using Phoenix.Api.Budgets;
using Phoenix.Api.Deployments;
using Phoenix.Api.Experiments;
using Phoenix.Api.Explorations;
using Phoenix.Api.Flow;
using Phoenix.Api.HostLogs;
using Phoenix.Api.Identity;
using Phoenix.Api.Live;
using Phoenix.Api.Measurements;
using Phoenix.Api.Notifications;
using Phoenix.Api.Pricing;
using Phoenix.Api.Reading;
using Phoenix.Api.Signing;
using Phoenix.Api.Tasks;
using Phoenix.Api.Upgrades;
using Phoenix.Api.Usage;
using Phoenix.Projections;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Http;
using Wolverine.Marten;

namespace Phoenix.Api.Infrastructure;

/// <summary>Wires the parts of the control plane together.</summary>
public static class Setup
{
    public static void AddPhoenixStore(this WebApplicationBuilder builder)
    {
        // Read when the host is built, so that tests and tools can set it until then.
        builder.Services.AddSingleton(services => NpgsqlDataSource.Create(
            Database.OfNode(services.GetRequiredService<IConfiguration>()[Database.Variable])));
        builder.Services.AddSingleton<AppendSignal>();
        builder.Services.AddSingleton<LiveClients>();
        builder.Services.AddSingleton<WakeUps>();
        builder.Services.AddSingleton<WakeUpRelay>();
        builder.Services.AddSingleton<QueueAccess>();
        builder.Services.AddSingleton<ConfigurationSigner>();
        builder.Services.AddSingleton<TaskQueue>();
        builder.Services.AddSingleton<TaskReports>();
        builder.Services.AddSingleton<TaskRequests>();
        builder.Services.AddSingleton<Matchmaker>();
        builder.Services.AddSingleton<AgentPresence>();
        builder.Services.AddSingleton<FlowStore>();
        builder.Services.AddSingleton<ExplorationMerges>();
        builder.Services.AddSingleton<ExperimentHistories>();
        builder.Services.AddSingleton<AgentReleases>();
        builder.Services.AddSingleton<DownloadSlots>();
        builder.Services.AddSingleton<HostCondition>();
        builder.Services.AddSingleton<DeployedHosts>();
        builder.Services.AddSingleton<AgentCredentials>();
        builder.Services.AddSingleton<AccessTokens>();
        builder.Services.AddSingleton<LostHosts>();
        builder.Services.AddSingleton<MeasuredExperiments>();
        builder.Services.AddSingleton(services => UsageSettings.Of(services.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton<RecordUsage>();
        builder.Services.AddSingleton<EvaluateBudgets>();
        builder.Services.AddSingleton<HostLogStore>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<OutboundConnections>();
        builder.Services.AddSingleton<BackendClients>();
        builder.Services.AddNotifications();

        builder.Services.AddMarten(services =>
            {
                var options = new StoreOptions();
                options.ConfigurePhoenix();
                options.RegisterDocumentTypes([typeof(User), typeof(AccessToken), typeof(OneTimeSecret), typeof(EnrolmentToken), typeof(AgentCredential), typeof(StoredSigningKey)]);
                options.RegisterDocumentType<UserPreferences>();
                options.Schema.For<SavedView>().Index(v => v.UserId);
                options.Schema.For<OneTimeSecret>().DocumentAlias(UserDirectory.SecretAlias);
                options.Listeners.Add(services.GetRequiredService<AppendSignal>());
                options.Projections.Wakeup = new DaemonWakeUp(services.GetRequiredService<AppendSignal>());
                options.Listeners.Add(new ForgetCredentials(services.GetRequiredService<AgentCredentials>(), services.GetRequiredService<AgentPresence>()));
                options.Listeners.Add(new ForgetAccessTokens(services.GetRequiredService<AccessTokens>()));
                options.Storage.ExtendedSchemaObjects.Add(AgentPresence.Table);
                options.Storage.ExtendedSchemaObjects.Add(FlowStore.Table);
                options.Storage.ExtendedSchemaObjects.Add(LostHosts.HearingTable);
                options.Storage.ExtendedSchemaObjects.Add(HostLogStore.Table);
                options.RegisterDocumentType<BackendCredential>();
                options.AddNotifications();
                return options;
            })
            .UseNpgsqlDataSource()
            .UseLightweightSessions()
            .ApplyAllDatabaseChangesOnStartup()
            .IntegrateWithWolverine(m =>
            {
                m.MessageStorageSchemaName = Nodes.Schema;
                m.UseWolverineManagedEventSubscriptionDistribution = true;
            })
            .SubscribeToEvents(new NotificationSubscription());

        builder.Host.UseWolverine(options =>
        {
            options.ApplicationAssembly = typeof(Program).Assembly;
            Nodes.Configure(options.Durability);
            options.Policies.AutoApplyTransactions();
            options.Policies.UseDurableLocalQueues();
            // Time enough to look at what went wrong and to replay it; then they go.
            options.Durability.DeadLetterQueueExpirationEnabled = true;
            options.Durability.DeadLetterQueueExpiration = TimeSpan.FromDays(30);
            options.EnableRelayOfUserName = true;
            options.MetadataRules.Add(new Causes());
            options.Policies.AddMiddleware<Causes>(chain => chain.Handlers.Any(h => h.Method.GetParameters().Any(p => p.ParameterType == typeof(IDocumentSession))));
            options.CodeGeneration.TypeLoadMode = TypeLoadMode.Dynamic;
            // Whoever loses a race for a stream (with a command, or with a second node) has only come second.
            options.Policies.OnException<ConcurrencyException>().RetryWithCooldown(50.Milliseconds(), 100.Milliseconds(), 250.Milliseconds(), 500.Milliseconds(), 1.Seconds())
                .Then.ScheduleRetryIndefinitely(1.Seconds(), 2.Seconds(), 5.Seconds());
            options.Policies.OnException<ExistingStreamIdCollisionException>().RetryWithCooldown(50.Milliseconds(), 250.Milliseconds());
            // In memory: while the database is away a retry cannot be written down. After that the inbox's own copy is taken up.
            options.Policies.OnException(Problems.Transient, "the database is away or asks to repeat")
                .RetryWithCooldown(100.Milliseconds(), 1.Seconds(), 2.Seconds(), 5.Seconds(), 10.Seconds(), 15.Seconds(), 30.Seconds());
            options.Policies.OnAnyException().RetryWithCooldown(250.Milliseconds(), 2.Seconds(), 10.Seconds());
            // In order and one at a time: windows of an experiment must not overtake each other, nor fight over its stream.
            options.LocalQueue("experiments").Sequential();
            foreach (var message in (Type[])[typeof(AdvanceExperiment), typeof(HostTasksEnded), typeof(EndWarmUp), typeof(EndRun), typeof(GiveUpWaiting), typeof(WindowReported), typeof(CloseWindow), typeof(PromotionProgressed), typeof(PromotionEnded)])
                options.Publish(rule => rule.Message(message).ToLocalQueue("experiments"));
            // In order too: what a state takes back must not overtake what it has queued.
            options.LocalQueue("deployments").Sequential();
            foreach (var message in (Type[])[typeof(AdvanceDeployment), typeof(DeploymentTasksEnded), typeof(TakeBackDeploymentTasks), typeof(EndDeploymentSoak), typeof(EndDeploymentFreeze), typeof(GiveUpDeploying)])
                options.Publish(rule => rule.Message(message).ToLocalQueue("deployments"));
            options.LocalQueue("upgrades").Sequential();
            foreach (var message in (Type[])[typeof(AdvanceUpgrade), typeof(UpgradeTasksEnded), typeof(TakeBackUpgradeTasks), typeof(EndUpgradeSoak), typeof(GiveUpUpgrading)])
                options.Publish(rule => rule.Message(message).ToLocalQueue("upgrades"));
            options.AddNotifications();
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<QueueAccess>());
        builder.Services.AddHostedService(services => services.GetRequiredService<ConfigurationSigner>());
        // After Wolverine, so that a sweep's messages find it running.
        builder.Services.AddHostedService(services => services.GetRequiredService<Matchmaker>());
        builder.Services.AddHostedService(services => services.GetRequiredService<WakeUpRelay>());
        builder.Services.AddHostedService<ResumeExperiments>();
        builder.Services.AddHostedService<ResumeUpgrades>();
        builder.Services.AddHostedService<ResumeDeployments>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LostHosts>());
        builder.Services.AddHostedService<MendDrift>();
        builder.Services.AddHostedService<NodeWatch>();
        builder.Services.AddHostedService<AppendRelay>();
        builder.Services.AddHostedService<LiveFeed>();
        builder.Services.AddHostedService<HotTables>();
        builder.Services.AddHostedService<AuditLogView>();
        builder.Services.AddHostedService<ExperimentSummaryTable>();
        builder.Services.AddHostedService<WindowPartitions>();
        builder.Services.AddHostedService<UsagePartitions>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HostLogStore>());
        builder.Services.AddHostedService<ExplorationPartitions>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RecordUsage>());
        builder.Services.AddHostedService<SeedPriceBook>();
    }

    public static void AddPhoenixIdentity(this WebApplicationBuilder builder)
    {
        builder.Services.AddHostedService<FirstUser>();
        builder.Services.AddSingleton(services => new AgentAuthenticationSettings(AgentMode(services.GetRequiredService<IConfiguration>())));
        // No default scheme: each policy names its own, or every agent's request would be looked up as a user's token first.
        builder.Services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, UserAuthentication>(UserAuthentication.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, AgentAuthentication>(AgentAuthentication.SchemeName, null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy(AgentAuthentication.SchemeName, policy => policy.AddAuthenticationSchemes(AgentAuthentication.SchemeName).RequireAuthenticatedUser())
            // What is not said to be for agents or for everybody is for users with the role that the endpoint asks for.
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(UserAuthentication.SchemeName).RequireAuthenticatedUser().AddRequirements(new LeastRole()).Build());
    }

    public static void AddPhoenixHttp(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["PHOENIX_URLS"] is { Length: > 0 } urls) builder.WebHost.UseUrls(urls.Split(';', ','));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4 << 20;
            // Where every file is a connection the runtime itself finds none any more and ends the process.
            (kestrel.Limits.MaxConcurrentConnections, kestrel.Limits.MaxConcurrentUpgradedConnections) = OpenFiles.ForConnections();
        });
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            var code = context.ProblemDetails.Status switch
            {
                400 => "request-malformed",
                404 => "not-found",
                405 => "method-not-allowed",
                413 => "body-too-large",
                415 => "content-type-unsupported",
                var status => $"http-{status}",
            };
            // Those that have one were counted when they were made.
            if (context.ProblemDetails.Extensions.TryAdd("code", code)) Figures.Refused(code, context.ProblemDetails.Status ?? 0);
        });
        builder.Services.AddWolverineHttp();
        builder.Services.ConfigureSystemTextJsonForWolverineOrMinimalApi(json =>
        {
            foreach (var converter in EventStoreOptions.Json.Converters) json.SerializerOptions.Converters.Add(converter);
            json.SerializerOptions.Converters.Add(new StorableText());
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.Never;
        });
        builder.Services.AddSignalR().AddJsonProtocol();
        builder.Services.AddResponseCompression(options =>
        {
            // Over TLS too. Lengths could tell of a secret that stands beside text of an attacker's choice (BREACH, 2013). No answer has both: a session counts for requests of own pages
            // alone, so that what another site makes a browser ask for is answered without one, and tokens and secrets are shown once, in answers that repeat nothing but a name.
            options.EnableForHttps = true;
            options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "application/problem+json", "application/x-ndjson", "text/csv", "image/svg+xml"];
        });
        builder.Services.AddOpenApi("v2", OpenApiDescription.Configure);
        builder.Services.AddHealthChecks().AddCheck<ReadyCheck>("ready");
        builder.Services.AddSingleton<ReadyCheck>();
    }

    public static void MapPhoenixHealth(this WebApplication app)
    {
        // Before authentication, which asks the database of whoever sends a credential: a probe is told of the process, and of nothing else.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous().ShortCircuit();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (http, report) => http.Response.WriteAsJsonAsync(new
            {
                status = report.Status.ToString().ToLowerInvariant(),
                detail = report.Entries.Values.Select(e => e.Description).FirstOrDefault(),
                eventsBehind = report.Entries.Values.Select(e => e.Data).FirstOrDefault(),
            }),
        }).AllowAnonymous().ShortCircuit();
    }

    static AgentAuthenticationMode AgentMode(IConfiguration configuration) => configuration["PHOENIX_AGENT_AUTHENTICATION"] switch
    {
        null or "" or "credential" => AgentAuthenticationMode.Credential,
        "header-only-development" => AgentAuthenticationMode.HeaderOnly,
        var other => throw new FormatException(
            $"PHOENIX_AGENT_AUTHENTICATION is '{other}'. Use 'credential' (default), or 'header-only-development', whose events are marked unverified."),
    };
}
