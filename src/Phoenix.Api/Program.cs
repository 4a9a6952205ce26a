using JasperFx;
using Marten;
using Phoenix.Api.Agents;
using Phoenix.Api.Flow;
using Phoenix.Api.HostLogs;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Live;
using Phoenix.Api.Tasks;
using Phoenix.Api.Upgrades;
using Phoenix.Domain.Users;
using Scalar.AspNetCore;
using Wolverine;
using Wolverine.Http;

// Settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddPhoenixStore();
builder.AddPhoenixIdentity();
builder.AddPhoenixHttp();
builder.AddAdmissionControl();
builder.AddPhoenixMetrics();

var app = builder.Build();
// Made now: a network that is mistyped stops the start and not the first connection, which may be days away.
_ = app.Services.GetRequiredService<OutboundConnections>();
app.UseSecurityHeaders();
app.UseTrustedProxies();
app.UsePublicAddress();
app.UseExceptionHandler(Problems.Handling(app.Services.GetRequiredService<ILoggerFactory>()));
app.UseStatusCodePages();
app.UseResponseCompression();
app.UseDashboardFiles();
app.UseRouting();
app.UseAuthentication();
app.UseAuthorization();
app.UseAgentFence();
app.UseRateLimiter();
app.UseRepeatOnConflict();
app.MapWolverineEndpoints(options =>
{
    options.RejectUnparseableQueryValues = true;
    options.AddMiddleware<Causes>(chain =>
        chain.Method.Creates.Any(v => v.VariableType == typeof(OutgoingMessages)) && chain.Method.Method.GetParameters().Any(p => p.ParameterType == typeof(IDocumentSession)));
});
app.MapPollTasks();
app.MapTaskProgress();
app.MapTaskResult();
app.MapHostLogs();
app.MapHeartbeat();
app.MapFlow();
app.MapAgentReleases();
app.MapHub<LiveHub>(LiveHub.Path, live => live.CloseOnAuthenticationExpiration = true).WithMetadata(new RequireRoleAttribute(Roles.Viewer));
app.MapDeadMessages();
app.MapPhoenixHealth();
app.MapPhoenixMetrics();
app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
app.MapScalarApiReference("/reference", options => options.WithNonce().DisableDefaultFonts().OpenApiRoutePattern = "/openapi/v2.json").AllowAnonymous();
app.MapDashboard();

if (args.Length > 0) return await app.RunJasperFxCommands(args);
await app.RunAsync();
return 0;

public partial class Program;
