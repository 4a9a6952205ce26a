const UNSEEN = {
  type: "line",
  symbol: "none",
  lineStyle: { opacity: 0 },
  stack: "band",
  // By default only values of one sign are stacked: a band that begins below zero would be drawn from zero.
  stackStrategy: "all",
  tooltip: { show: false },
  silent: true,
};

/** An interval as ECharts draws it: an unseen line at its lower end, and on it what lies between. */
export const band = <T>(lower: readonly T[], width: readonly T[]) => [
  { ...UNSEEN, name: "lower", data: lower },
  { ...UNSEEN, name: "interval", data: width, areaStyle: { opacity: 0.2 } },
];
