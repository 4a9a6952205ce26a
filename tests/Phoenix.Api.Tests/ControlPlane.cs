using System.Net.Http.Json;
using System.Text.Json;
using Alba;
using Npgsql;
using Phoenix.Api.Infrastructure;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Phoenix.Api.Tests;

/// <summary>The real API on a database of its own, shared by the tests of an assembly; each test uses hosts and names of its own.</summary>
public sealed class ControlPlane : IAsyncLifetime
{
    readonly string _database = $"phoenix_test_{Guid.NewGuid():N}";
    string _secretFile = "";

    public IAlbaHost Host { get; private set; } = null!;
    public HttpClient User { get; private set; } = null!;
    public string FirstSecret { get; private set; } = "";
    public string Token { get; private set; } = "";
    public string EnrolmentToken { get; private set; } = "";
    public string ConnectionString { get; private set; } = "";

    public static string ServerConnectionString => Database.ConnectionString(
        Environment.GetEnvironmentVariable("PHOENIX_TEST_DATABASE_URL")
        ?? throw new InvalidOperationException("PHOENIX_TEST_DATABASE_URL is not set. Run ./test, which starts a PostgreSQL for the tests."));

    public async ValueTask InitializeAsync()
    {
        await using (var server = NpgsqlDataSource.Create(ServerConnectionString))
            await server.CreateCommand($"create database {_database}").ExecuteNonQueryAsync();
        ConnectionString = new NpgsqlConnectionStringBuilder(ServerConnectionString) { Database = _database }.ConnectionString;
        _secretFile = Path.Combine(Path.GetTempPath(), $"{_database}.secret");
        Host = await Start(ConnectionString, _secretFile);
        FirstSecret = (await File.ReadAllTextAsync(_secretFile)).Trim();
        var issued = await Anonymous().PostAsJsonAsync("/api/v2/auth/tokens", new { secret = FirstSecret });
        Token = (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
        User = Anonymous();
        User.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        var enrolment = await User.PostAsJsonAsync("/api/v2/enrolment-tokens", new { name = "tests", expiresInHours = 1 });
        EnrolmentToken = (await enrolment.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    public static Task<IAlbaHost> Start(string connectionString, string secretFile, params (string Key, string Value)[] settings)
    {
        JasperFx.CommandLine.JasperFxEnvironment.AutoStartHost = true;
        return AlbaHost.For<Program>(builder =>
        {
            builder.UseSetting(Database.Variable, connectionString);
            builder.UseSetting("PHOENIX_FIRST_USER_SECRET_FILE", secretFile);
            builder.UseSetting(Upgrades.AgentReleases.Variable, ReleaseDirectory.Root);
            foreach (var (key, value) in settings) builder.UseSetting(key, value);
        });
    }

    public HttpClient Anonymous() => Host.Server.CreateClient();

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        File.Delete(_secretFile);
        await Drop(_database);
    }

    /// <summary>Removes a test's database together with the sessions that are left in it.</summary>
    public static async Task Drop(string database)
    {
        NpgsqlConnection.ClearAllPools();
        await using var server = NpgsqlDataSource.Create(ServerConnectionString);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await server.CreateCommand($"drop database {database} with (force)").ExecuteNonQueryAsync();
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege && attempt < 10)
            {
                // A worker that vacuums in it may not be ended by who is no superuser. It ends by itself, and the server ends it for those that do not ask for force.
            }
            try
            {
                await server.CreateCommand($"drop database {database}").ExecuteNonQueryAsync();
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                // Other sessions are there too, which force can end.
            }
        }
    }
}

[CollectionDefinition(nameof(ControlPlane))]
public sealed class ControlPlaneCollection : ICollectionFixture<ControlPlane>;
