import { Skeleton, Text, useComputedColorScheme, useMantineTheme } from "@mantine/core";
import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";

interface Props {
  /** Says in words what the chart shows: it is all that some readers have. */
  label: string;
  option: EChartsCoreOption;
  height?: number;
  /** Name of the clicked item, where the chart leads somewhere. */
  onSelect?: (params: { name: string; data: unknown; seriesName?: string }) => void;
}

/** A chart of ECharts, in the page's colours. The library is loaded with the first chart. */
export function Chart({ label, option, height = 260, onSelect }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const [ready, setReady] = useState(false);
  const [failed, setFailed] = useState(false);
  const scheme = useComputedColorScheme("light");
  const theme = useMantineTheme();
  const select = useRef(onSelect);
  select.current = onSelect;

  useEffect(() => {
    let gone = false;
    let observer: ResizeObserver | null = null;
    const draw = ({ init }: typeof import("./echarts")) => {
      if (gone || element.current === null) return;
      const made = init(element.current, scheme === "dark" ? "dark" : undefined, { renderer: "canvas" });
      made.on("click", (p) => select.current?.({ name: p.name, data: p.data, seriesName: p.seriesName }));
      chart.current = made;
      observer = new ResizeObserver(() => made.resize());
      observer.observe(element.current);
      setReady(true);
    };
    setFailed(false);
    void import("./echarts").then(draw, () => setFailed(true));
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.dispose();
      chart.current = null;
      setReady(false);
    };
  }, [scheme]);

  useEffect(() => {
    if (!ready) return;
    chart.current?.setOption(
      {
        backgroundColor: "transparent",
        animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
        animationDuration: 250,
        textStyle: { fontFamily: theme.fontFamily },
        color: [
          theme.colors.blue[6],
          theme.colors.ember?.[5] ?? theme.colors.orange[6],
          theme.colors.teal[6],
          theme.colors.grape[5],
          theme.colors.yellow[7],
          theme.colors.cyan[6],
          theme.colors.pink[5],
          theme.colors.gray[6],
        ],
        grid: { left: 8, right: 16, top: 36, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
        tooltip: { trigger: "axis", confine: true },
        ...option,
      },
      { notMerge: true },
    );
  }, [option, ready, theme]);

  return (
    <div style={{ position: "relative", height }}>
      {failed && (
        <Text size="sm" c="dimmed" role="alert">
          What draws charts could not be loaded: reload the page.
        </Text>
      )}
      {!ready && !failed && <Skeleton h={height} pos="absolute" inset={0} />}
      <div ref={element} role="img" aria-label={label} style={{ height }} />
    </div>
  );
}
