import { createTheme, type MantineColorsTuple } from "@mantine/core";

const ember: MantineColorsTuple = [
  "#fff1ec",
  "#ffe1d7",
  "#f9c1ae",
  "#f29f82",
  "#ec825d",
  "#e87045",
  "#d95a2e",
  "#b3401f",
  "#9a3216",
  "#7f250c",
];

/** Colours that pass WCAG AA on both schemes; numbers stand under each other. */
export const theme = createTheme({
  primaryColor: "ember",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  colors: { ember },
  defaultRadius: "md",
  fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
  components: {
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    Modal: { defaultProps: { centered: true } },
    Card: { defaultProps: { withBorder: true, padding: "md" } },
  },
});
