import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  parseThemeColor,
  type VariantColorsResolver,
} from "@mantine/core";

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

/** On a tint of itself a colour is too light to read, yellow most of all: text on it is darker, and lighter in the dark. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const resolved = defaultVariantColorsResolver(input);
  const { isThemeColor, color } = parseThemeColor({ color: input.color ?? input.theme.primaryColor, theme: input.theme });
  if (!isThemeColor || (input.variant !== "light" && input.variant !== "outline")) return resolved;
  return {
    ...resolved,
    color: `light-dark(color-mix(in srgb, var(--mantine-color-${color}-9) 65%, black), var(--mantine-color-${color}-2))`,
  };
};

const CLOSE = { closeButtonProps: { "aria-label": "Close" } };

/** Small letters in the library's own colours are too light to read (WCAG AA), and in the dark too dark; links stand on tints too. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-0)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--mantine-color-anchor": "var(--mantine-color-ember-2)",
  },
});

/** Colours that pass WCAG AA on both schemes; numbers stand under each other. */
export const theme = createTheme({
  primaryColor: "ember",
  // The same in both schemes: whether black or white stands on it is reckoned once.
  primaryShade: 7,
  autoContrast: true,
  // Where black and white are equally far: whichever is farther is at least 4.5 to 1.
  luminanceThreshold: 0.179,
  colors: { ember },
  variantColorResolver,
  defaultRadius: "md",
  fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
  components: {
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    Modal: { defaultProps: { centered: true, ...CLOSE } },
    Drawer: { defaultProps: CLOSE },
    Notification: { defaultProps: CLOSE },
    // A state that is cut off tells nothing: columns give way to it.
    Badge: { styles: { root: { minWidth: "max-content" } } },
    Card: { defaultProps: { withBorder: true, padding: "md" } },
  },
});
