using System.Globalization;

namespace Phoenix.Pipelines.Components;

/// <summary>What one scrape may bring; beyond a limit the whole scrape fails, as in Prometheus. 0 is no limit.</summary>
/// <param name="BodyBytes">Bytes of one exposition, after decompression.</param>
/// <param name="Samples">Samples that are left after metric relabelling.</param>
/// <param name="Labels">Labels of one series, and lengths of their names and values, after relabelling.</param>
/// <param name="Targets">Targets of the job after relabelling.</param>
public sealed record ScrapeLimits(long BodyBytes, long Samples, long Labels, long LabelNameLength, long LabelValueLength, long Targets)
{
    private const long DefaultBodyBytes = 64L << 20;
    private const long LargestBodyBytes = 1L << 30;

    internal static ScrapeLimits Read(SectionReader section) => new(
        // Bytes, or a size such as 10MB. Default 64MB.
        Size(section, "body_size_limit"),
        section.Integer("sample_limit", 0, 0, int.MaxValue),
        section.Integer("label_limit", 0, 0, int.MaxValue),
        section.Integer("label_name_length_limit", 0, 0, int.MaxValue),
        section.Integer("label_value_length_limit", 0, 0, int.MaxValue),
        section.Integer("target_limit", 0, 0, int.MaxValue));

    /// <summary>Prometheus' sizes: units are powers of 1024 whatever they are called.</summary>
    private static long Size(SectionReader section, string key)
    {
        if (section.Text(key) is not { } text)
        {
            return DefaultBodyBytes;
        }

        var digits = text.AsSpan().TrimEnd("KMGiB");
        long? unit = text[digits.Length..] switch
        {
            "" or "B" => 1,
            "KB" or "KiB" => 1 << 10,
            "MB" or "MiB" => 1 << 20,
            "GB" or "GiB" => 1 << 30,
            _ => null,
        };
        if (unit is null || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > LargestBodyBytes)
        {
            section.Error(key, $"`{section.Written(key)}` is no size", "write bytes or a number with KB, MB or GB, such as 10MB");
            return DefaultBodyBytes;
        }

        if (amount * unit is < 1024 or > LargestBodyBytes)
        {
            section.Error(key, $"{section.Written(key)} is out of range", "choose 1KB to 1GB");
            return DefaultBodyBytes;
        }

        return amount * unit.Value;
    }
}
