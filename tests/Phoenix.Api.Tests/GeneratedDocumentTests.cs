using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Projections;

namespace Phoenix.Api.Tests;

/// <summary>
/// Documents that are generated from the code. With <c>PHOENIX_UPDATE_DOCUMENTS=1</c> the tests write them, otherwise they
/// fail where the committed text is not today's.
/// </summary>
[Collection(nameof(ControlPlane))]
public sealed class GeneratedDocumentTests(ControlPlane plane)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public void the_event_catalogue_is_current()
    {
        var known = plane.Host.Services.GetRequiredService<IDocumentStore>().Options.Events.AllKnownEventTypes().ToDictionary(t => t.EventType, t => t.EventTypeName);
        ShouldBeCurrent("event-catalogue.md", EventCatalogue(type => known[type]));
    }

    [Fact]
    public void every_event_of_the_domain_is_registered_and_documented()
    {
        var registered = EventStoreOptions.EventTypes.Values.SelectMany(t => t).ToHashSet();
        var applied = typeof(Domain.Rejection).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static).Where(m => m.Name is "Apply" or "Create" && m.DeclaringType == t))
            .Select(m => m.GetParameters().FirstOrDefault()?.ParameterType)
            .Select(t => t is { IsGenericType: true } ? t.GetGenericArguments()[0] : t)
            .Where(t => t?.Namespace?.StartsWith("Phoenix.Domain", StringComparison.Ordinal) == true);
        applied.Except(registered).ShouldBeEmpty();
        var documentation = Documentation();
        foreach (var type in registered) documentation.ContainsKey($"T:{type.FullName}").ShouldBeTrue($"{type.Name} has no documentation");
    }

    [Fact]
    public async Task the_openapi_document_is_current()
    {
        var served = await plane.Anonymous().GetStringAsync("/openapi/v2.json");
        var text = JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(served), Indented);
        ShouldBeCurrent("openapi.json", text + "\n");
    }

    static string EventCatalogue(Func<Type, string> storedName)
    {
        var documentation = Documentation();
        var text = new StringBuilder()
            .AppendLine("# Event catalogue").AppendLine()
            .AppendLine("Generated from the code (`PHOENIX_UPDATE_DOCUMENTS=1 ./test api`); a test keeps it current. Every event carries, beside its data:")
            .AppendLine("sequence, stream id, version, timestamp, `user_name` (opaque user id, `agent:HOST` or `system`), correlation id, causation id, and")
            .AppendLine("headers: `reason` (where a person gave one), `experiment` (on events of its tasks), `verification` (on events of agents), `cause` (id of the event that led to it, where a message of the control plane lies between).");
        foreach (var (stream, types) in EventStoreOptions.EventTypes)
        {
            text.AppendLine().AppendLine($"## {stream}");
            foreach (var type in types)
            {
                var doc = documentation[$"T:{type.FullName}"];
                text.AppendLine().AppendLine($"### `{storedName(type)}`").AppendLine().AppendLine(Sentence(doc.Element("summary")));
                var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
                if (constructor.GetParameters().Length == 0) continue;
                text.AppendLine().AppendLine("| field | type | meaning |").AppendLine("|---|---|---|");
                foreach (var parameter in constructor.GetParameters())
                {
                    var meaning = doc.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == parameter.Name);
                    text.AppendLine($"| `{JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!)}` | {TypeName(parameter.ParameterType)} | {Sentence(meaning)} |");
                }
            }
        }
        return text.ToString();
    }

    static Dictionary<string, XElement> Documentation() =>
        XDocument.Load(Path.ChangeExtension(typeof(Domain.Rejection).Assembly.Location, ".xml")).Descendants("member")
            // What generators add to the assembly documents itself too, with overloads.
            .Where(m => m.Attribute("name")!.Value.AsSpan(2).StartsWith("Phoenix."))
            .ToDictionary(m => m.Attribute("name")!.Value.Split('(')[0], m => m, StringComparer.Ordinal);

    static string Sentence(XElement? element) =>
        element is null ? "" : string.Join(' ', string.Concat(element.Nodes().Select(n => n switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement see => $"`{(see.Attribute("cref")?.Value ?? see.Attribute("name")?.Value ?? see.Value).Split('.', ':')[^1]}`",
            _ => n.ToString(),
        })).Split((char[])[' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal);

    static string TypeName(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return $"{TypeName(inner)}?";
        if (type.IsGenericType) return $"{TypeName(type.GetGenericArguments()[0])}[]";
        return type.IsEnum ? string.Join(" \\| ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)) : type.Name switch
        {
            "Int32" or "Int64" => "integer",
            "Double" or "Decimal" => "number",
            "String" => "string",
            "Boolean" => "boolean",
            "DateTimeOffset" => "time",
            "TimeSpan" => "duration",
            "Guid" => "uuid",
            var name => name,
        };
    }

    static void ShouldBeCurrent(string name, string text)
    {
        var path = Path.Combine(Root(), "docs", name);
        if (Environment.GetEnvironmentVariable("PHOENIX_UPDATE_DOCUMENTS") == "1") File.WriteAllText(path, text);
        File.Exists(path).ShouldBeTrue($"docs/{name} is missing; PHOENIX_UPDATE_DOCUMENTS=1 ./test api writes it");
        File.ReadAllText(path).ShouldBe(text, $"docs/{name} is not today's; PHOENIX_UPDATE_DOCUMENTS=1 ./test api writes it");
    }

    static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Phoenix.sln"))) return at.FullName;
        throw new InvalidOperationException("The tests run outside the repository: no Phoenix.sln above them.");
    }
}
