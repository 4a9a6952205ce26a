import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ExperimentSummary } from "~/api/schema";
import { CellLink } from "~/shared/components/cells";
import { PageButton, PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { TimeText } from "~/shared/components/TimeText";
import { StateMark } from "~/shared/experiments/StateBadge";
import { count, percent } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import classes from "./overview.module.css";
import { Panel, PanelSkeleton } from "./Panel";
import { underWay } from "./queries";

/** Experiments that something happens in. */
export function UnderWay() {
  const query = useQuery(underWay);
  const may = useMay("operator");
  return (
    <Section
      title="Under way"
      right={
        may && (
          <PageButton to="/experiments/new" size="xs" variant="default">
            New experiment
          </PageButton>
        )
      }
    >
      <Panel label="Experiments under way">
        <QueryView query={query} loading={<PanelSkeleton />}>
          {(page) =>
            page.items.length === 0 ? (
              <Text size="sm" c="dimmed">
                No experiment is under way.
              </Text>
            ) : (
              <>
                {page.items.map((e) => (
                  <Experiment key={e.id} e={e} />
                ))}
                {page.next && (
                  <Text size="sm" c="dimmed">
                    These are the newest {count(page.items.length)}. <PageLink to="/experiments">All experiments</PageLink>
                  </Text>
                )}
              </>
            )
          }
        </QueryView>
      </Panel>
    </Section>
  );
}

function Experiment({ e }: { e: ExperimentSummary }) {
  return (
    <div>
      <div className={classes.row}>
        <CellLink to="/experiments/$id" params={{ id: e.id }}>
          {e.name}
        </CellLink>
        <StateMark state={e.state} />
      </div>
      <div className={classes.detail}>
        {e.candidate.name} v{e.candidate.version} on {count(e.hosts)} {e.hosts === 1 ? "host" : "hosts"}.{" "}
        {e.windows === 0
          ? "No window counts yet."
          : `${percent(e.liveSeriesReductionPct)} fewer live series in ${count(e.windows)} windows.`}{" "}
        {e.state === "running" && e.runEndsAt !== null && (
          <>
            Verdict at the latest <TimeText at={e.runEndsAt} from="now" />.
          </>
        )}
      </div>
    </div>
  );
}
