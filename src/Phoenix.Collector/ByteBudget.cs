namespace Phoenix.Collector;

/// <summary>Bounds the bytes that are held at one time for one purpose, by any number of threads.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _used;

    /// <returns>False where the bytes do not fit. The first holder always fits, however much it asks for: others bound it.</returns>
    public bool TryTake(long bytes)
    {
        while (true)
        {
            var used = Interlocked.Read(ref _used);
            if (used > 0 && used + bytes > limit)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _used, used + bytes, used) == used)
            {
                return true;
            }
        }
    }

    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
