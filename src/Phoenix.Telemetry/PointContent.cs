namespace Phoenix.Telemetry;

/// <summary>Looks into what <see cref="OtlpReader.Validate"/> passes over in a point: exemplars and quantiles.</summary>
internal static class PointContent
{
    public static bool IsReadable(ReadOnlySpan<byte> point, MetricType type)
    {
        try
        {
            var exemplars = new OtlpExemplars(point, type);
            while (exemplars.Next())
                Attributes.Check(exemplars.Current, OtlpExemplars.FilteredAttributes);
            var quantiles = new SummaryQuantiles(type == MetricType.Summary ? point : default);
            while (quantiles.Next())
                continue;
            return true;
        }
        catch (OtlpFormatException)
        {
            return false;
        }
    }
}
