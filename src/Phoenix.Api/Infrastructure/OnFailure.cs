namespace Phoenix.Api.Infrastructure;

/// <summary>What becomes of a rollout whose hosts fail, or that is not well.</summary>
public enum OnFailure
{
    /// <summary>No further host is asked until somebody says so.</summary>
    Hold,

    /// <summary>Every host that was asked returns to what it had before.</summary>
    RollBack,
}
