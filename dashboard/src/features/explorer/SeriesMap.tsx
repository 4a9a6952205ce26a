import { Breadcrumbs, Card, Group, Text, useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useMemo } from "react";
import type { ExplorationView } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { PageLink } from "~/shared/components/links";
import { count, money } from "~/shared/format/numbers";
import { type Area, areasOf } from "./areas";
import type { ExplorerSearch } from "./search";
import { openedLabel, openedMetric } from "./tree";

interface Props {
  view: ExplorationView;
  search: ExplorerSearch;
  onSearch: (changes: Partial<ExplorerSearch>) => void;
}

const MEASURE = {
  series: "Areas are series.",
  cost: "Areas are cost a month.",
  values: "Areas are distinct values: a series has several labels, and each multiplies it by its values.",
};

/** The opened branch as a map; a click opens the field. */
export function SeriesMap({ view, search, onSearch }: Props) {
  const theme = useMantineTheme();
  const dark = useComputedColorScheme("light") === "dark";
  const { areas, measure } = useMemo(() => areasOf(view, search), [view, search]);
  const metric = openedMetric(view, search);
  const label = openedLabel(metric, search);
  const { currency } = view;
  const option = useMemo(() => {
    // Dark enough for white names in both schemes.
    const colors = [
      theme.colors.blue[8],
      theme.colors.teal[9],
      theme.colors.grape[8],
      theme.colors.cyan[9],
      theme.colors.indigo[7],
      theme.colors.ember?.[7],
    ];
    return {
      tooltip: {
        trigger: "item",
        confine: true,
        formatter: (p: { data?: { area?: Area } }) => (p.data?.area === undefined ? "" : tip(p.data.area, currency)),
      },
      series: [
        {
          type: "treemap",
          roam: false,
          nodeClick: false,
          breadcrumb: { show: false },
          left: 0,
          top: 0,
          right: 0,
          bottom: 0,
          label: { show: true, overflow: "truncate", color: "#fff", fontSize: 12 },
          itemStyle: { borderColor: dark ? theme.colors.dark[7] : "#fff", borderWidth: 1, gapWidth: 1 },
          data: areas.map((area, i) => ({
            name: area.name,
            value: area.value,
            area,
            itemStyle: { color: area.isRest ? theme.colors.gray[7] : colors[i % colors.length] },
            cursor: area.opens === null ? "default" : "pointer",
          })),
        },
      ],
    };
  }, [areas, currency, dark, theme]);
  const shown = label !== null ? `values of ${label.name} in ${metric?.name}` : metric !== null ? `labels of ${metric.name}` : "metrics";
  return (
    <Card padding="sm">
      <Group justify="space-between" mb="xs" gap="xs">
        <Breadcrumbs separatorMargin={6} style={{ flexWrap: "wrap" }}>
          {crumb("All metrics", metric === null ? null : { ...search, metric: undefined, label: undefined, of: undefined })}
          {metric !== null && crumb(metric.name, label === null ? null : { ...search, label: undefined, of: undefined })}
          {label !== null && crumb(label.name, null)}
        </Breadcrumbs>
        <Text size="sm" c="dimmed">
          {MEASURE[measure]}
        </Text>
      </Group>
      {areas.length === 0 ? (
        <Text size="sm" c="dimmed">
          {metric === null ? "No metric, label or value is called so." : "It has no labels."}
        </Text>
      ) : (
        <Chart
          label={`Map of ${shown}: ${areas
            .slice(0, 5)
            .map((a) => `${a.name} ${count(a.series)} series`)
            .join(", ")}. The table below has all of it.`}
          option={option}
          height={360}
          onSelect={({ data }) => {
            const opens = (data as { area?: Area } | undefined)?.area?.opens;
            if (opens) onSearch(opens);
          }}
        />
      )}
    </Card>
  );
}

const crumb = (name: string, to: ExplorerSearch | null) =>
  to === null ? (
    <Text key={name} size="sm" fw={600} style={{ overflowWrap: "anywhere", whiteSpace: "normal" }}>
      {name}
    </Text>
  ) : (
    <PageLink key={name} to="/explorer" search={to} replace fz="sm" style={{ overflowWrap: "anywhere", whiteSpace: "normal" }}>
      {name}
    </PageLink>
  );

/** Names come from what applications send: they are text, never markup. */
function tip(area: Area, currency: string | null): HTMLElement {
  const box = document.createElement("div");
  const lines = [
    area.name,
    `${count(area.series)} series`,
    ...(area.values === null ? [] : [`${count(area.values)} distinct values`]),
    ...(area.monthlyCost === null ? [] : [`${money(area.monthlyCost, currency)} a month`]),
  ];
  for (const line of lines) {
    const row = document.createElement("div");
    row.textContent = line;
    box.append(row);
  }
  return box;
}
