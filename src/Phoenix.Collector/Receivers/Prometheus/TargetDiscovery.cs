using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Finds the targets of one job: those of its configuration, and those of its files, which are read again when they change.</summary>
internal sealed class TargetDiscovery(ScrapeJob job)
{
    private readonly Dictionary<string, TargetFile> _files = new(StringComparer.Ordinal);
    private string? _toldProblem;

    /// <summary>How often files are looked at; null where there are none.</summary>
    public TimeSpan? Interval => job.Files.Count == 0 ? null : job.Files.Select(f => f.RefreshInterval).Append(TimeSpan.FromSeconds(5)).Min();

    /// <summary>The targets now, each once.</summary>
    public IReadOnlyDictionary<string, ScrapeTarget> Find()
    {
        var targets = new Dictionary<string, ScrapeTarget>(StringComparer.Ordinal);
        foreach (var group in job.Static)
        {
            Add(targets, group, null);
        }

        var paths = job.Files.SelectMany(f => f.Patterns).SelectMany(Expand).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _files.Keys.Where(path => !paths.Contains(path)).ToList())
        {
            _files.Remove(gone);
        }

        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            _files.TryAdd(path, new TargetFile(path));
            foreach (var group in _files[path].Read())
            {
                Add(targets, group, path);
            }
        }

        if (job.Limits.Targets > 0 && targets.Count > job.Limits.Targets)
        {
            Tell($"{targets.Count} targets are more than target_limit, {job.Limits.Targets}: none is scraped");
            targets.Clear();
        }

        return targets;
    }

    private void Add(Dictionary<string, ScrapeTarget> targets, TargetGroup group, string? file)
    {
        foreach (var address in group.Targets)
        {
            if (ScrapeTarget.Create(job, address, group.Labels, file, out var problem) is { } target)
            {
                targets[target.Key] = target;
            }
            else if (problem is not null)
            {
                Tell(problem);
            }
        }
    }

    /// <summary>Once, not at every look.</summary>
    private void Tell(string problem)
    {
        if (problem != _toldProblem)
        {
            _toldProblem = problem;
            Log.Warn("targets left out", ("job", job.Name), ("reason", problem));
        }
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        var (directory, name) = (Path.GetDirectoryName(pattern), Path.GetFileName(pattern));
        directory = directory is null or "" ? "." : directory;
        return Directory.Exists(directory) ? Directory.EnumerateFiles(directory, name) : [];
    }

    /// <summary>One file, as it was last read well.</summary>
    private sealed class TargetFile(string path)
    {
        private IReadOnlyList<TargetGroup> _groups = [];
        private (DateTime Written, long Length) _read;

        public IReadOnlyList<TargetGroup> Read()
        {
            try
            {
                var file = new FileInfo(path);
                if (!file.Exists || (file.LastWriteTimeUtc, file.Length) == _read)
                {
                    return _groups;
                }

                var seen = (file.LastWriteTimeUtc, file.Length);
                var (groups, errors) = TargetGroup.ReadFile(File.ReadAllText(path));
                _read = seen;
                if (errors.Count == 0)
                {
                    _groups = groups;
                }
                else
                {
                    Log.Warn("a file of targets cannot be used; what it said before stays", ("file", path), ("line", errors[0].Line), ("reason", errors[0].Message), ("remedy", errors[0].Remedy));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.Warn("a file of targets cannot be read; what it said before stays", ("file", path), ("reason", e.Message));
            }

            return _groups;
        }
    }
}
