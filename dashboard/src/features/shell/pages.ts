import {
  IconAdjustments,
  IconChartTreemap,
  IconCoins,
  IconFlask,
  IconHistory,
  IconLayoutDashboard,
  IconListCheck,
  IconRocket,
  IconRoute,
  IconServer,
} from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { ComponentType } from "react";

export interface Page {
  to: NonNullable<LinkProps["to"]>;
  label: string;
  /** What people look for when they mean it. */
  keywords: string[];
  icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
  /** Pressed after g. */
  key: string;
}

/** The pages of the navigation, in its order. */
export const PAGES: Page[] = [
  { to: "/", label: "Overview", keywords: ["home", "dashboard", "money"], icon: IconLayoutDashboard, key: "o" },
  { to: "/experiments", label: "Experiments", keywords: ["a/b", "verdict", "promote"], icon: IconFlask, key: "e" },
  { to: "/pipelines", label: "Pipelines", keywords: ["catalogue", "template", "yaml", "collector"], icon: IconRoute, key: "p" },
  { to: "/deployments", label: "Deployments", keywords: ["rollout", "waves", "rollback", "freeze"], icon: IconRocket, key: "d" },
  { to: "/explorer", label: "Cardinality", keywords: ["explorer", "labels", "series", "treemap"], icon: IconChartTreemap, key: "c" },
  { to: "/fleet", label: "Fleet", keywords: ["hosts", "agents", "groups", "incident", "enrol"], icon: IconServer, key: "f" },
  { to: "/savings", label: "Savings", keywords: ["ledger", "budget", "roi", "cost", "what-if"], icon: IconCoins, key: "s" },
  { to: "/tasks", label: "Tasks", keywords: ["queue", "dead letters", "requeue"], icon: IconListCheck, key: "t" },
  { to: "/audit", label: "Audit", keywords: ["events", "history", "who", "replay"], icon: IconHistory, key: "a" },
  {
    to: "/settings",
    label: "Settings",
    keywords: ["users", "roles", "tokens", "prices", "notifications", "protected"],
    icon: IconAdjustments,
    key: ",",
  },
];
