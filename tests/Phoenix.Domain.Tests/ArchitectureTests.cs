using System.Xml.Linq;

namespace Phoenix.Domain.Tests;

/// <summary>Dependencies point one way; what a project may refer to is written here and nowhere else.</summary>
public sealed class ArchitectureTests
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Phoenix.Domain"] = [],
        ["Phoenix.Contracts"] = [],
        ["Phoenix.Telemetry"] = [],
        ["Phoenix.Pipelines"] = ["Phoenix.Telemetry"],
        ["Phoenix.Projections"] = ["Phoenix.Domain"],
        ["Phoenix.Api"] = ["Phoenix.Contracts", "Phoenix.Domain", "Phoenix.Pipelines", "Phoenix.Projections", "Phoenix.Telemetry"],
        ["Phoenix.Collector"] = ["Phoenix.Contracts", "Phoenix.Pipelines", "Phoenix.Telemetry"],
        ["Phoenix.Agent"] = ["Phoenix.Contracts"],
    };

    [Fact]
    public void every_project_refers_only_to_what_it_may()
    {
        var projects = Directory.GetFiles(Path.Combine(Root(), "src"), "*.csproj", SearchOption.AllDirectories);
        projects.Select(p => Path.GetFileNameWithoutExtension(p)).ShouldBe(Allowed.Keys, ignoreOrder: true);
        foreach (var project in projects)
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var references = XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
            references.Except(Allowed[name]).ShouldBeEmpty($"{name} must not refer to these");
        }
    }

    [Fact]
    public void the_domain_knows_neither_marten_nor_a_clock_nor_io()
    {
        typeof(Rejection).Assembly.GetReferencedAssemblies().Select(a => a.Name).ShouldNotContain(n => n!.StartsWith("Marten", StringComparison.Ordinal) || n.StartsWith("Npgsql", StringComparison.Ordinal));
        foreach (var file in Directory.GetFiles(Path.Combine(Root(), "src", "Phoenix.Domain"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(file);
            foreach (var forbidden in (string[])["UtcNow", "DateTime.Now", "Random.Shared", "System.IO", "System.Net", "HttpClient", "NewGuid", "CreateVersion7"])
                text.ShouldNotContain(forbidden, Case.Sensitive, file);
        }
    }

    static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Phoenix.sln"))) return at.FullName;
        throw new InvalidOperationException("The tests run outside the repository: no Phoenix.sln above them.");
    }
}
