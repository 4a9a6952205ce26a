import "@mantine/spotlight/styles.css";
import { useComputedColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { IconAlertTriangle, IconFlask, IconMoon, IconRoute, IconSearch, IconServer, IconSun } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useSetPreferences } from "~/shared/session/preferences";
import { useMay } from "~/shared/session/session";
import { COMMANDS } from "./commands";
import { PAGES } from "./pages";
import { paletteSearch } from "./paletteSearch";

/**
 * Goes anywhere by a few letters: pages, what can be done, and experiments, pipelines and hosts by name.
 * @param opens how often it was asked for; with each time it opens.
 */
export function CommandPalette({ opens }: { opens: number }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time.
  useEffect(() => spotlight.open(), [opens]);
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const [wanted] = useDebouncedValue(query.trim(), 150);
  const names = useQuery({ ...paletteSearch(wanted), enabled: wanted.length >= 2 });
  const found = names.data;
  const mayOperate = useMay("operator");

  const pages: SpotlightActionData[] = PAGES.map((page) => ({
    id: page.to,
    label: page.label,
    keywords: page.keywords,
    leftSection: <page.icon size={18} />,
    onClick: () => void navigate({ to: page.to }),
  }));
  const other = useComputedColorScheme("light") === "dark" ? "light" : "dark";
  const { setColourScheme } = useSetPreferences();
  const commands: SpotlightActionData[] = [
    ...(mayOperate
      ? COMMANDS.map(({ label, keywords, icon: Icon, link }) => ({
          id: label,
          label,
          keywords,
          leftSection: <Icon size={18} />,
          onClick: () => void navigate(link),
        }))
      : []),
    {
      id: "colours",
      label: `Use ${other} colours`,
      keywords: ["theme", "scheme", "appearance"],
      leftSection: other === "dark" ? <IconMoon size={18} /> : <IconSun size={18} />,
      onClick: () => setColourScheme(other),
    },
  ];

  return (
    <Spotlight
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      nothingFound={names.isLoading ? "Looking for it" : "Nothing is called so"}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: "Pages, experiments, pipelines, hosts", "aria-label": "Search" }}
      actions={[
        { group: "Pages", actions: pages },
        { group: "Commands", actions: commands },
        {
          group: "Not everything was searched",
          actions: names.isError
            ? [
                {
                  id: "search-again",
                  label: "Look once more for experiments, pipelines and hosts",
                  description: names.error.message,
                  keywords: [wanted],
                  leftSection: <IconAlertTriangle size={18} />,
                  closeSpotlightOnTrigger: false,
                  onClick: () => void names.refetch(),
                },
              ]
            : [],
        },
        {
          group: "Experiments",
          actions: (found?.experiments ?? []).map((e) => ({
            id: e.id,
            label: e.name,
            description: e.state,
            keywords: [wanted],
            leftSection: <IconFlask size={18} />,
            onClick: () => void navigate({ to: "/experiments/$id", params: { id: e.id } }),
          })),
        },
        {
          group: "Pipelines",
          actions: (found?.pipelines ?? []).map((p) => ({
            id: p.id,
            label: p.name,
            description: p.description,
            keywords: [wanted],
            leftSection: <IconRoute size={18} />,
            onClick: () => void navigate({ to: "/pipelines/$id", params: { id: p.id } }),
          })),
        },
        {
          group: "Hosts",
          actions: (found?.hosts ?? []).map((h) => ({
            id: h.hostId,
            label: h.hostId,
            description: h.state,
            keywords: [wanted],
            leftSection: <IconServer size={18} />,
            onClick: () => void navigate({ to: "/fleet/$hostId", params: { hostId: h.hostId } }),
          })),
        },
      ].filter((g) => g.actions.length > 0)}
    />
  );
}
