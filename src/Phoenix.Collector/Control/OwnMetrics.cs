using Phoenix.Collector.Exporters;
using Phoenix.Collector.Pipeline;
using Phoenix.Collector.Receivers;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Control;

/// <summary>
/// The collector's own metrics as Prometheus text: under the OpenTelemetry Collector's names where they mean the same, as
/// <c>phoenix_*</c> elsewhere. Counters count since the process began; those of a component that a reload replaced end.
/// </summary>
internal sealed class OwnMetrics(Func<CollectorStatus> status, MetricsPipeline pipeline, InputQueue queue, Intake intake)
{
    public string Text()
    {
        var text = new MetricsText();
        Arm(text);
        Receivers(text);
        Processors(text);
        State(text);
        Exporters(text);
        Process(text);
        Windows(text);
        return text.ToString();
    }

    private void Arm(MetricsText text)
    {
        var now = status();
        text.Gauge("phoenix_collector_healthy", "1 while data flows.");
        text.Sample(now.Healthy ? 1 : 0);
        text.Gauge("phoenix_collector_tee_subscribers", "Candidates connected.");
        text.Sample(now.TeeSubscribers);
        text.Gauge("phoenix_collector_queued_batches", "Input batches that wait for the pipeline.");
        text.Sample(queue.Batches);
        text.Gauge("phoenix_collector_queued_bytes", "Bytes of those batches.");
        text.Sample(queue.Bytes);
        text.Gauge("phoenix_collector_queue_capacity_batches", "Input batches that may wait before senders are refused.");
        text.Sample(queue.MaxBatches);
        text.Gauge("phoenix_collector_input_held", "1 while full exporter queues hold the input.");
        text.Sample(pipeline.IsHeld ? 1 : 0);
        text.Gauge("phoenix_collector_memory_refusing", "1 while memory_limiter refuses input.");
        text.Sample(queue.IsRefusing ? 1 : 0);
    }

    private void Receivers(MetricsText text)
    {
        var receivers = intake.Receivers.ToList();
        text.Counter("otelcol_receiver_accepted_metric_points", "Points that entered the pipeline's queue.");
        receivers.ForEach(r => text.Sample(r.AcceptedPoints, ("receiver", r.Receiver), ("transport", r.Transport)));
        text.Counter("otelcol_receiver_refused_metric_points", "Points that were turned away.");
        receivers.ForEach(r => text.Sample(r.RefusedPoints, ("receiver", r.Receiver), ("transport", r.Transport)));
        text.Counter("phoenix_receiver_read_errors", "Reads of a receiver's own collection that failed, such as files of other users' processes.");
        receivers.ForEach(r => text.Sample(r.Errors, ("receiver", r.Receiver), ("transport", r.Transport)));
    }

    private void Processors(MetricsText text)
    {
        var processors = pipeline.Processors;
        Each("otelcol_processor_incoming_items", "Points that came in.", c => c.PointsIn);
        Each("otelcol_processor_outgoing_items", "Points that went on.", c => c.PointsOut);
        Each("phoenix_processor_late_points", "Points older than their stream's newest, ignored.", c => c.Late);
        Each("phoenix_processor_duplicate_points", "Points of the same stream and time again, ignored.", c => c.Duplicates);
        Each("phoenix_processor_resets", "Counters that began again.", c => c.Resets);
        Each("phoenix_processor_evicted_streams", "Streams forgotten after the staleness limit.", c => c.Evicted);
        text.Gauge("phoenix_processor_tracked_streams", "Streams tracked now.");
        foreach (var processor in processors)
        {
            text.Sample(processor.Counters.Tracked, ("processor", processor.Name));
        }

        text.Counter("phoenix_processor_passed_points", "Points handed on unchanged, by reason.");
        foreach (var processor in processors)
        {
            foreach (var reason in Enum.GetValues<PassReason>())
            {
                if (processor.Counters.Passed(reason) is > 0 and var points)
                {
                    text.Sample(points, ("processor", processor.Name), ("reason", reason.ToString()));
                }
            }
        }

        text.Counter("phoenix_processor_dropped_points", "Points dropped, by the rule that named them.");
        foreach (var processor in processors)
        {
            foreach (var dropped in processor.Dropped)
            {
                text.Sample(dropped.Points, ("processor", processor.Name), ("rule", dropped.Rule));
            }
        }

        void Each(string name, string help, Func<ProcessorCounters, long> count)
        {
            text.Counter(name, help);
            foreach (var processor in processors)
            {
                text.Sample(count(processor.Counters), ("processor", processor.Name), ("otel_signal", "metrics"));
            }
        }
    }

    private void State(MetricsText text)
    {
        text.Gauge("phoenix_reducer_resuming_streams", "Streams of before a restart or a reload that did not come again yet; until they are, windows are not complete.");
        text.Sample(pipeline.Resuming);
        if (pipeline.Storage is not { } storage)
        {
            return;
        }

        text.Gauge("phoenix_reducer_state_resumed", "1 where this process went on with the counters of the one before.");
        text.Sample(storage.Refused is null ? 1 : 0);
        if (storage.Refused is { } refused)
        {
            text.Gauge("phoenix_reducer_state_refused", "1 by the reason for which this process began a new epoch.");
            text.Sample(1, ("reason", refused.Code));
        }

        if (storage.Gap is { } gap)
        {
            text.Gauge("phoenix_restart_gap_seconds", "From the last export of the process before to the start of this one. What inputs added in it is lost where a new epoch began.");
            text.Sample(gap.TotalSeconds);
        }

        text.Gauge("phoenix_reducer_state_bytes", "Bytes of the state written last.");
        text.Sample(storage.Bytes);
        text.Gauge("phoenix_reducer_state_write_seconds", "How long that took, on the pipeline's thread.");
        text.Sample(storage.Took.TotalSeconds);
        text.Counter("phoenix_reducer_state_writes", "How often state was written.");
        text.Sample(storage.Written);
        text.Counter("phoenix_reducer_state_write_failures", "How often it could not be.");
        text.Sample(storage.Failures);
    }

    private void Exporters(MetricsText text)
    {
        var exporters = pipeline.Exporters;
        Each("otelcol_exporter_sent_metric_points", "Points that the backend took.", c => c.SentPoints);
        Each("otelcol_exporter_send_failed_metric_points", "Points lost because they could not be sent.",
            c => c.DroppedPoints - c.DroppedFor(DropReason.QueueFull));
        Each("otelcol_exporter_enqueue_failed_metric_points", "Points lost because the queue was full.", c => c.DroppedFor(DropReason.QueueFull));
        Each("phoenix_exporter_offered_metric_points", "Points handed over: sent, dropped or queued.", c => c.OfferedPoints);
        Each("phoenix_exporter_sent_batches", "Requests that the backend took.", c => c.SentBatches);
        Each("phoenix_exporter_attempts_failed", "Requests that failed, those tried again included.", c => c.AttemptsFailed);
        text.Counter("phoenix_exporter_dropped_metric_points", "Points lost, by reason.");
        foreach (var exporter in exporters)
        {
            foreach (var reason in Enum.GetValues<DropReason>())
            {
                text.Sample(exporter.Counters.DroppedFor(reason), ("exporter", exporter.Id), ("reason", Name(reason)));
            }
        }

        Queue("otelcol_exporter_queue_size", "Batches that wait or are under way.", e => e.QueuedBatches);
        Queue("otelcol_exporter_queue_capacity", "Batches that may wait.", e => e.Settings.Queue.Batches);
        Queue("phoenix_exporter_queue_bytes", "Memory of the batches that wait.", e => e.QueuedBytes);
        Queue("phoenix_exporter_queue_capacity_bytes", "Memory that they may take.", e => e.Settings.Queue.Bytes);
        Queue("phoenix_exporter_queued_metric_points", "Points in the batches that wait.", e => e.QueuedPoints);

        void Each(string name, string help, Func<ExporterCounters, long> count)
        {
            text.Counter(name, help);
            foreach (var exporter in exporters)
            {
                text.Sample(count(exporter.Counters), ("exporter", exporter.Id));
            }
        }

        void Queue(string name, string help, Func<QueuedExporter, double> read)
        {
            text.Gauge(name, help);
            foreach (var exporter in exporters.OfType<QueuedExporter>())
            {
                text.Sample(read(exporter), ("exporter", exporter.Id));
            }
        }
    }

    private static string Name(DropReason reason) => reason switch
    {
        DropReason.QueueFull => "queue_full",
        DropReason.Refused => "refused",
        DropReason.Rejected => "rejected",
        DropReason.RetriesExhausted => "retries_exhausted",
        DropReason.Stopped => "stopped",
        DropReason.TooManyStreams => "too_many_streams",
        _ => "unsupported",
    };

    private static void Process(MetricsText text)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        text.Counter("otelcol_process_uptime", "Seconds since the process began.");
        text.Sample((DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalSeconds);
        text.Counter("otelcol_process_cpu_seconds", "CPU time of all threads.");
        text.Sample(Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Gauge("otelcol_process_memory_rss", "Resident memory in bytes.");
        text.Sample(Environment.WorkingSet);
        text.Gauge("otelcol_process_runtime_heap_alloc_bytes", "Bytes of the managed heap in use.");
        text.Sample(GC.GetTotalMemory(forceFullCollection: false));
        text.Counter("otelcol_process_runtime_total_alloc_bytes", "Bytes ever allocated on the managed heap.");
        text.Sample(GC.GetTotalAllocatedBytes());
    }

    /// <summary>Of the last closed window.</summary>
    private void Windows(MetricsText text)
    {
        if (pipeline.Windows.Last is not { } last)
        {
            return;
        }

        Gauge("phoenix_collector_window_input_series", "Active series in, last window.", last.Input.Counts.SeriesActive);
        Gauge("phoenix_collector_window_output_series", "Active series out, last window.", last.Output.Counts.SeriesActive);
        Gauge("phoenix_collector_window_input_points", "Points in, last window.", last.Input.Counts.Points);
        Gauge("phoenix_collector_window_output_points", "Points out, last window.", last.Output.Counts.Points);
        Gauge("phoenix_collector_window_wire_bytes", "Bytes sent, last window.", last.Output.WireBytes);
        Gauge("phoenix_collector_window_cpu_milliseconds", "CPU time, last window.", last.Cost.CpuMs);
        Gauge("phoenix_collector_ledger_error_percent", "Conservation error of the epoch.", last.Ledger.ErrorPct);
        Gauge("phoenix_collector_ledger_breached", "1 while a group of what left is not what came in.", last.Ledger.WorstGroup is null ? 0 : 1);

        void Gauge(string name, string help, double value)
        {
            text.Gauge(name, help);
            text.Sample(value);
        }
    }
}
