using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>What is remembered of a task.</summary>
/// <param name="Lease">The highest lease seen.</param>
/// <param name="Result">Null while it runs, or after an agent that was killed while it ran.</param>
/// <param name="Delivered">The control plane has accepted or refused the result.</param>
internal sealed record TaskRecord(Guid Id, long Lease, TaskResult? Result, bool Delivered);

internal sealed record TaskJournalFile(IReadOnlyList<TaskRecord> Tasks);

internal enum TaskVerdict
{
    Run,

    /// <summary>It has ended under this lease: the recorded result is sent again.</summary>
    Answer,

    /// <summary>A higher lease was seen: this assignment is a late copy.</summary>
    Refuse,
}

/// <summary>The outcomes of the last tasks, kept on disk, so that a task delivered again is answered and not repeated.</summary>
internal sealed class TaskJournal
{
    public const int Kept = 100;
    private readonly string _path;
    private readonly Lock _gate = new();
    private volatile List<TaskRecord> _tasks;

    public TaskJournal(string path)
    {
        _path = path;
        _tasks = [.. DurableFile.Read(path, AgentJson.Default.TaskJournalFile)?.Tasks ?? []];
    }

    public IReadOnlyList<TaskRecord> Undelivered => [.. _tasks.Where(task => task is { Result: not null, Delivered: false })];

    public static TaskVerdict Judge(TaskRecord? known, long lease) => known switch
    {
        null => TaskVerdict.Run,
        _ when lease < known.Lease => TaskVerdict.Refuse,
        _ when lease == known.Lease && known.Result is not null => TaskVerdict.Answer,
        _ => TaskVerdict.Run,
    };

    public TaskRecord? Find(Guid id) => _tasks.Find(task => task.Id == id);

    public void Begin(Guid id, long lease) => Put(new TaskRecord(id, lease, null, Delivered: false));

    public void End(Guid id, TaskResult result) => Put(new TaskRecord(id, result.Lease, result, Delivered: false));

    public void SendAgain(TaskRecord record) => Put(record with { Delivered = false });

    public void Delivered(TaskRecord record)
    {
        lock (_gate)
        {
            // A newer lease of the same task may have ended since this result was taken to be sent.
            if (Find(record.Id) == record)
                Put(record with { Delivered = true });
        }
    }

    /// <summary>Oldest delivered ones go first; a result that was not delivered is never forgotten.</summary>
    internal static List<TaskRecord> Bound(IReadOnlyList<TaskRecord> tasks, int limit)
    {
        var surplus = tasks.Count - limit;
        return [.. tasks.Where(task => !(task.Delivered && surplus-- > 0))];
    }

    private void Put(TaskRecord record)
    {
        // Previews and loads end beside the poll loop.
        lock (_gate)
        {
            var tasks = Bound([.. _tasks.Where(task => task.Id != record.Id), record], Kept);
            DurableFile.Write(_path, new TaskJournalFile(tasks), AgentJson.Default.TaskJournalFile);
            _tasks = tasks;
        }
    }
}
