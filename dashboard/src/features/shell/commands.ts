import { IconArrowUpCircle, IconFirstAidKit, IconPlus, IconRocket, IconTags, IconZoomScan } from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { ComponentType } from "react";

export interface Command {
  label: string;
  /** What people look for when they mean it. */
  keywords: string[];
  icon: ComponentType<{ size?: number | string }>;
  link: Pick<LinkProps, "to" | "search">;
}

/** What an operator can begin from anywhere; each leads to the page's own form. */
export const COMMANDS: Command[] = [
  { label: "New experiment", keywords: ["create", "start", "draft"], icon: IconPlus, link: { to: "/experiments/new" } },
  { label: "New pipeline", keywords: ["create", "publish", "configuration"], icon: IconPlus, link: { to: "/pipelines/new" } },
  { label: "New deployment", keywords: ["deploy", "rollout", "waves"], icon: IconRocket, link: { to: "/deployments/new" } },
  { label: "Enrol a host", keywords: ["add", "agent", "token"], icon: IconPlus, link: { to: "/fleet", search: { dialog: "enrol" } } },
  {
    label: "Declare an incident",
    keywords: ["full detail", "unfold", "emergency"],
    icon: IconFirstAidKit,
    link: { to: "/fleet", search: { dialog: "incident" } },
  },
  {
    label: "Define a group",
    keywords: ["labels", "selector"],
    icon: IconTags,
    link: { to: "/fleet", search: { tab: "groups", dialog: "group" } },
  },
  {
    label: "Upgrade agents",
    keywords: ["release", "version"],
    icon: IconArrowUpCircle,
    link: { to: "/fleet", search: { tab: "upgrades", dialog: "upgrade" } },
  },
  {
    label: "Explore hosts",
    keywords: ["cardinality", "labels"],
    icon: IconZoomScan,
    link: { to: "/explorer", search: { dialog: "explore" } },
  },
];
