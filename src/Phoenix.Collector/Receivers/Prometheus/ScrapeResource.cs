using System.Buffers;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>
/// What of a scrape belongs to one pair of <c>job</c> and <c>instance</c>, as text that waits to be converted. A target has
/// one, and more only where it exposes those labels itself and they are honoured, as when another Prometheus is federated.
/// </summary>
internal sealed class ScrapeResource(string job, string instance)
{
    private byte[] _text = [];
    private int _length;

    public string Job { get; } = job;

    public string Instance { get; } = instance;

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    /// <summary>Number of the family whose declaration was written last, and the name under which.</summary>
    public int Family { get; set; } = -1;

    public byte[] FamilyName { get; set; } = [];

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_text.Length - _length < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + bytes.Length, Math.Max(4096, _text.Length * 2)));
            Text.CopyTo(larger);
            Return();
            _text = larger;
        }

        bytes.CopyTo(_text.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Gives the buffer back: between two scrapes a target holds none.</summary>
    public void Clear()
    {
        Return();
        (_text, _length, Family) = ([], 0, -1);
    }

    private void Return()
    {
        if (_text.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_text);
        }
    }
}
