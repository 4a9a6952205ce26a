namespace Phoenix.Api.Reading;

/// <summary>A page of a list.</summary>
/// <param name="Next">Cursor of the next page, as <c>after</c>; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

public static class Paging
{
    public const int DefaultLimit = 100, MaxLimit = 1000;

    /// <param name="most">Less than usual where each item takes work of its own.</param>
    public static int Limit(int? asked, int most = MaxLimit) => Math.Clamp(asked ?? DefaultLimit, 1, most);

    /// <summary>Takes one more than asked to know whether there is a next page.</summary>
    public static Page<T> Of<T>(IReadOnlyList<T> oneMore, int limit, Func<T, string> cursor) =>
        oneMore.Count > limit ? new([.. oneMore.Take(limit)], cursor(oneMore[limit - 1])) : new(oneMore, null);
}
