using System.Text.Json;
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

    /// <summary>Results that the control plane has not taken. Tasks come from it, so more than a few mean that it fails at taking them.</summary>
    public const int KeptUndelivered = 200;
    public const int KeptBytes = 8 << 20;
    private readonly string _path;
    private readonly Lock _gate = new();
    private volatile List<TaskRecord> _tasks;

    public TaskJournal(string path)
    {
        _path = path;
        _tasks = [.. DurableFile.Read(path, AgentJson.Default.TaskJournalFile)?.Tasks ?? []];
    }

    /// <summary>Results given up because there were too many or too long ones, in this process.</summary>
    public long Dropped { get; private set; }

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

    /// <summary>Oldest delivered ones go first; one that was not delivered goes only where those alone are too many.</summary>
    internal static List<TaskRecord> Bound(IReadOnlyList<TaskRecord> tasks, int limit)
    {
        var surplus = tasks.Count - limit;
        var waiting = tasks.Count(task => task is { Result: not null, Delivered: false }) - KeptUndelivered;
        return [.. tasks.Where(task => !(task.Delivered && surplus-- > 0)).Where(task => !(task is { Result: not null, Delivered: false } && waiting-- > 0))];
    }

    private void Put(TaskRecord record)
    {
        // Previews and loads end beside the poll loop.
        lock (_gate)
        {
            var tasks = Bound([.. _tasks.Where(task => task.Id != record.Id), record], Kept);
            var content = JsonSerializer.SerializeToUtf8Bytes(new TaskJournalFile(tasks), AgentJson.Default.TaskJournalFile);
            while (content.Length > KeptBytes && tasks.Find(task => task.Result is not null && task.Id != record.Id) is { } oldest)
            {
                tasks.Remove(oldest);
                content = JsonSerializer.SerializeToUtf8Bytes(new TaskJournalFile(tasks), AgentJson.Default.TaskJournalFile);
            }
            DurableFile.Write(_path, content);
            foreach (var lost in _tasks.Where(task => task is { Result: not null, Delivered: false } && task.Id != record.Id && !tasks.Contains(task)))
            {
                Dropped++;
                Log.Error("A task's result is given up because too many wait to be taken.", ("task", lost.Id), ("droppedSoFar", Dropped));
            }
            _tasks = tasks;
        }
    }
}
