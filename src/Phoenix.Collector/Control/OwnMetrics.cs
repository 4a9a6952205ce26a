using System.Globalization;
using System.Text;
using Phoenix.Collector.Pipeline;
using Phoenix.Contracts;

namespace Phoenix.Collector.Control;

/// <summary>The collector's own metrics as Prometheus text. The arm's counts are those of the last closed window.</summary>
internal static class OwnMetrics
{
    public static string Text(CollectorStatus status, MetricsPipeline pipeline, int queuedBatches)
    {
        var text = new StringBuilder();
        Family("phoenix_collector_healthy", "gauge", "1 while data flows.", status.Healthy ? 1 : 0);
        Family("phoenix_collector_resident_bytes", "gauge", "Resident memory.", status.ResidentBytes);
        Family("phoenix_collector_queued_batches", "gauge", "Input batches that wait for the pipeline.", queuedBatches);
        Family("phoenix_collector_refused_points_total", "counter", "Points refused because the pipeline was full.", pipeline.RefusedPoints);
        Family("phoenix_collector_export_attempts_failed_total", "counter", "Export attempts that failed.", pipeline.Exporters.Sum(e => e.Counters.AttemptsFailed));
        Family("phoenix_collector_dropped_points_total", "counter", "Points lost after all retries.", pipeline.Exporters.Sum(e => e.Counters.DroppedPoints));
        Family("phoenix_collector_exported_batches_total", "counter", "Batches exported.", pipeline.Exporters.Sum(e => e.Counters.SentBatches));
        Family("phoenix_collector_tee_subscribers", "gauge", "Candidates connected.", status.TeeSubscribers);
        if (pipeline.Windows.After(long.MinValue) is [.., var last])
        {
            Family("phoenix_collector_window_input_series", "gauge", "Active series in, last window.", last.Input.Counts.SeriesActive);
            Family("phoenix_collector_window_output_series", "gauge", "Active series out, last window.", last.Output.Counts.SeriesActive);
            Family("phoenix_collector_window_input_points", "gauge", "Points in, last window.", last.Input.Counts.Points);
            Family("phoenix_collector_window_output_points", "gauge", "Points out, last window.", last.Output.Counts.Points);
            Family("phoenix_collector_window_wire_bytes", "gauge", "Bytes sent, last window.", last.Output.WireBytes);
            Family("phoenix_collector_window_cpu_milliseconds", "gauge", "CPU time, last window.", last.Cost.CpuMs);
            Family("phoenix_collector_ledger_error_percent", "gauge", "Conservation error of the epoch.", last.Ledger.ErrorPct);
        }

        return text.ToString();

        void Family(string name, string type, string help, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value}\n");
    }
}
