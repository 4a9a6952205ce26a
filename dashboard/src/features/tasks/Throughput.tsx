import { Card, Group, SegmentedControl, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { TaskThroughput } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { QueryView } from "~/shared/components/QueryView";
import { count, duration } from "~/shared/format/numbers";
import { dateTime } from "~/shared/format/times";
import { usePreferences } from "~/shared/session/preferences";
import { throughput } from "./queries";
import type { Span } from "./search";
import { throughputLines, totals } from "./throughputLines";

/** What the queue got through, over some hours. */
export function Throughput({ span, onSpan }: { span: Span; onSpan: (span: Span) => void }) {
  const query = useQuery(throughput(span));
  return (
    <Card component="section" aria-label="Throughput">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Throughput</Title>
        <SegmentedControl
          size="xs"
          aria-label="How far back"
          value={span}
          onChange={(chosen) => onSpan(chosen as Span)}
          data={[
            { value: "1h", label: "1 hour" },
            { value: "6h", label: "6 hours" },
            { value: "24h", label: "24 hours" },
          ]}
        />
      </Group>
      <QueryView query={query}>{(data) => <Lines data={data} />}</QueryView>
    </Card>
  );
}

function Lines({ data }: { data: TaskThroughput }) {
  const { timeZone } = usePreferences();
  const sums = totals(data.buckets);
  const option = useMemo(
    () => ({
      legend: { top: 0, itemGap: 10, itemWidth: 16 },
      // Room for a legend of two lines where the page is narrow.
      grid: { left: 8, right: 16, top: 52, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: {
        type: "category",
        data: data.buckets.map((b) => dateTime(b.at, timeZone, false).slice(11)),
        axisLabel: { hideOverlap: true },
      },
      yAxis: { type: "value", minInterval: 1 },
      series: throughputLines(data.buckets),
    }),
    [data, timeZone],
  );
  return (
    <>
      <Chart
        label={`Tasks in ${data.buckets.length} steps of ${duration(data.bucketSeconds)}: ${count(sums.queued)} queued, ${count(sums.succeeded)} succeeded, ${count(sums.failed)} attempts failed, ${count(sums.deadLettered)} dead letters, ${count(sums.cancelled)} cancelled.`}
        option={option}
        height={220}
      />
      <Text size="sm" c="dimmed" mt={4}>
        Per {duration(data.bucketSeconds)}. Wait until it is taken: half within {duration(data.waitSeconds.p50)}, 95 % within{" "}
        {duration(data.waitSeconds.p95)} (of {count(data.waitSeconds.of)} attempts). On the host: half within{" "}
        {duration(data.runSeconds.p50)}, 95 % within {duration(data.runSeconds.p95)} (of {count(data.runSeconds.of)}).
      </Text>
    </>
  );
}
