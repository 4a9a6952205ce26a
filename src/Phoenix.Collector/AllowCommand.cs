using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Allow;

namespace Phoenix.Collector;

/// <summary>What <c>phoenix-collector allow</c> is asked.</summary>
/// <param name="Task">A kind of task; null where none is asked about.</param>
/// <param name="Config">A configuration; null where none is asked about.</param>
internal sealed record AllowOptions(string List, string? Task, string? Config, bool Stock, bool Json);

/// <summary>Holds what the control plane asks for against the host owner's list. The agent asks this program, since it reads YAML as what runs reads it.</summary>
internal static class AllowCommand
{
    public const int NotAllowed = 7;
    public const int ListUnusable = 8;

    public static (int Exit, IReadOnlyList<ConfigurationIssue> Issues) Run(AllowOptions options)
    {
        string list;
        try
        {
            list = File.ReadAllText(options.List);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (ListUnusable, [new(0, "(file)", $"cannot be read: {e.Message.TrimEnd('.')}", "let the agent's user read it")]);
        }

        var (allowed, errors) = AllowList.Read(list);
        if (allowed is null)
        {
            return (ListUnusable, errors);
        }

        List<ConfigurationIssue> issues = [];
        if (options.Task is { } task && allowed.Refusal(task) is { } refusal)
        {
            issues.Add(refusal);
        }

        if (options.Config is { } config)
        {
            issues.AddRange(AllowCheck.Run(allowed, File.ReadAllText(config), Environment.GetEnvironmentVariable, options.Stock));
        }

        return (issues.Count is 0 ? 0 : NotAllowed, issues);
    }

    public static ConfigurationProblem Problem(IEnumerable<ConfigurationIssue> issues) =>
        new([.. issues.Select(issue => new ConfigurationError(issue.Line, issue.Key, issue.Message, issue.Remedy))]);
}
