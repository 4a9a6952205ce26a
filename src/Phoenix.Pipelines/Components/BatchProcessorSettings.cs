namespace Phoenix.Pipelines.Components;

/// <summary><c>batch</c>: gathers batches until there are enough points or the first has waited long enough.</summary>
/// <param name="Points">Points from which a batch goes on; 0 lets time alone decide.</param>
/// <param name="Timeout">How long a point may wait; zero sends at once what <paramref name="MaxPoints"/> allows.</param>
/// <param name="MaxPoints">Points of the largest batch that goes on; 0 for no bound.</param>
public sealed record BatchProcessorSettings(string Id, int Points, TimeSpan Timeout, int MaxPoints) : ProcessorSettings(Id)
{
    public const string Type = "batch";

    internal static BatchProcessorSettings Read(string id, SectionReader section)
    {
        // Points from which a batch goes on. Default 8192.
        var size = (int)section.Integer("send_batch_size", 8192, 0, 10_000_000);
        // How long a point may wait. Default 200ms.
        var timeout = section.Duration("timeout", TimeSpan.FromMilliseconds(200), TimeSpan.Zero, TimeSpan.FromHours(1));
        // Points of the largest batch; larger ones are split. Default 0: no bound.
        var max = (int)section.Integer("send_batch_max_size", 0, 0, 10_000_000);
        if (max > 0 && max < size)
        {
            section.Error("send_batch_max_size", "is smaller than send_batch_size", "make it at least send_batch_size, or lower send_batch_size");
        }

        section.RejectUnknown();
        return new(id, size, timeout, max);
    }
}
