namespace Phoenix.Pipelines.Components;

/// <summary>What happens to a batch that the backend refuses for now. The wait grows by <paramref name="Multiplier"/> from attempt to attempt.</summary>
/// <param name="Randomization">Each wait is drawn from the interval times 1 ± this.</param>
/// <param name="MaxElapsed">After that the batch is dropped and counted; zero tries for ever.</param>
public sealed record RetrySettings(
    bool Enabled, TimeSpan InitialInterval, double Randomization, double Multiplier, TimeSpan MaxInterval, TimeSpan MaxElapsed)
{
    internal static RetrySettings Read(SectionReader? section)
    {
        var byDefault = new RetrySettings(true, TimeSpan.FromSeconds(5), 0.5, 1.5, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
        if (section is null)
        {
            return byDefault;
        }

        var settings = new RetrySettings(
            // Whether to retry at all. Default true.
            section.Flag("enabled", byDefault.Enabled),
            // Wait before the first retry. Default 5s.
            section.Duration("initial_interval", byDefault.InitialInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            // Share by which a wait may be shorter or longer, so that collectors do not return in step. Default 0.5.
            section.Number("randomization_factor", byDefault.Randomization, 0, 1),
            // Growth of the wait. Default 1.5.
            section.Number("multiplier", byDefault.Multiplier, 1, 10),
            // Longest wait. Default 30s.
            section.Duration("max_interval", byDefault.MaxInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            // How long one batch is tried; 0 for ever. Default 5m.
            section.Duration("max_elapsed_time", byDefault.MaxElapsed, TimeSpan.Zero, TimeSpan.FromHours(24)));
        section.RejectUnknown();
        return settings;
    }
}
