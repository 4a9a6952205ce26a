using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Measurements;
using Wolverine;

namespace Phoenix.Api.Tests;

/// <summary>A message that failed for good is kept, shown, and done after all once its cause is mended.</summary>
[Collection(nameof(ControlPlane))]
public sealed class DeadMessagesTests(ControlPlane plane)
{
    [Fact]
    public async Task a_message_that_failed_for_good_is_tried_again_when_its_cause_is_mended()
    {
        var (experiment, agent) = await plane.Running();
        // What nobody reports: a row that cannot be read.
        await Execute($"insert into {WindowStore.TableName}(reported_on, experiment_id, number, host_id, reported_at, report) values (current_date, '{experiment}', 7, '{agent.HostId}', now(), '[]')");
        await using (var scope = plane.Host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new CloseWindow(experiment, 7));
        var dead = await Eventually.Get(Dead, found => found.Count > 0, "the message to be dead", 60);

        await Execute($"delete from {WindowStore.TableName} where experiment_id = '{experiment}'");
        (await plane.User.PostAsJsonAsync("/api/v2/dead-messages/replay", new { ids = dead })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={experiment}&type=window_voided"),
            found => found.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("data").GetProperty("number").GetInt32() == 7), "the window to be closed", 60);
        await Eventually.Get(Dead, found => found.Count == 0, "no message to be dead");

        async Task<List<Guid>> Dead()
        {
            var answer = await plane.User.PostAsJsonAsync("/api/v2/dead-messages", new { pageSize = 100 });
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return [.. (await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray().SelectMany(d => d.GetProperty("envelopes").EnumerateArray())
                .Where(m => m.GetRawText().Contains(experiment.ToString(), StringComparison.Ordinal)).Select(m => m.GetProperty("id").GetGuid())];
        }
    }

    async Task Execute(string sql)
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand(sql).ExecuteNonQueryAsync();
    }
}
