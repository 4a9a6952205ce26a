import { Group, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { budgets } from "~/shared/budgets/queries";
import { CellLink } from "~/shared/components/cells";
import { PageLink } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { Section } from "~/shared/components/Section";
import { type Decision, decide } from "./decide";
import classes from "./overview.module.css";
import { Panel, PanelSkeleton } from "./Panel";
import { awaiting, fleet, held, queue, undecided, upgrades } from "./queries";

/** What waits for a person. */
export function Decisions() {
  const [experiments, approvals, stopped, agents, money, hosts, tasks] = useQueries({
    queries: [undecided, awaiting, held, upgrades, budgets, fleet, queue],
  });
  const all = [experiments, approvals, stopped, agents, money, hosts, tasks];
  const failed = all.find((q) => q.isError);
  const decisions = decide({
    undecided: experiments.data?.items,
    awaiting: approvals.data?.items,
    held: stopped.data?.items,
    upgrades: agents.data?.items,
    budgets: money.data,
    fleet: hosts.data,
    deadLetters: tasks.data?.deadLettered,
  });
  const cut = [
    experiments.data?.next && {
      to: "/experiments" as const,
      search: { state: "completed,rolledBack" },
      says: "More experiments wait than are shown.",
    },
    (approvals.data?.next || stopped.data?.next) && {
      to: "/deployments" as const,
      says: "Only the newest deployments that wait were looked at.",
    },
    agents.data?.next && { to: "/fleet" as const, search: { tab: "upgrades" as const }, says: "Only the newest upgrades were looked at." },
  ].filter((c) => typeof c === "object" && c !== null);
  return (
    <Section title="Needs a decision">
      <Panel label="What needs a decision">
        {all.some((q) => q.isPending) ? (
          // All at once: what is told last may have to stand first.
          <PanelSkeleton />
        ) : (
          <>
            {failed !== undefined && (
              <ProblemAlert error={failed.error} title="Something may be missing here" onRetry={() => void failed.refetch()} />
            )}
            {decisions.map((d) => (
              <Item key={d.key} d={d} />
            ))}
            {cut.map(({ says, ...link }) => (
              <Text key={says} size="sm" c="dimmed">
                {says} <PageLink {...link}>All of them</PageLink>
              </Text>
            ))}
            {decisions.length === 0 && failed === undefined && (
              <Group gap="xs">
                <IconCircleCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden />
                <Text size="sm">{cut.length > 0 ? "Of these nothing waits for a person." : "Nothing waits for a person."}</Text>
              </Group>
            )}
          </>
        )}
      </Panel>
    </Section>
  );
}

function Item({ d }: { d: Decision }) {
  return (
    <div>
      <div className={classes.row}>
        {/* Which place it is stands in the decision; it is made by routes that exist. */}
        <CellLink to={d.to as never} params={d.params as never} search={(d.search ?? {}) as never}>
          {d.title}
        </CellLink>
        <span className={classes.kind} style={{ borderColor: `var(--mantine-color-${COLOURS[d.rank] ?? "gray"}-outline)` }}>
          {d.kind}
        </span>
      </div>
      <div className={classes.detail}>{d.detail}</div>
    </div>
  );
}

const COLOURS = ["red", "red", "yellow", "gray"];
