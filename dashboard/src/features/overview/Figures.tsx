import { Skeleton } from "@mantine/core";
import { IconCoins, IconFlask, IconPigMoney, IconServer } from "@tabler/icons-react";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Figure } from "~/shared/components/Figure";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { counts } from "~/shared/experiments/queries";
import { count, counted, money, percent, UNKNOWN } from "~/shared/format/numbers";
import classes from "./overview.module.css";
import { fleet, flow, saved } from "./queries";

const MEASURING = ["starting", "warmingUp", "running"];

/** The four figures that most people come for. */
export function Figures({ price, asking }: { price: string | undefined; asking: boolean }) {
  return (
    <div className={classes.figures}>
      <Told query={useQuery({ ...flow("metric", price), enabled: !asking })}>
        {(now) => {
          const less = now.total.seriesIn === 0 ? null : 100 * (1 - now.total.seriesOut / now.total.seriesIn);
          return (
            <Figure
              label="Goes out now"
              value={
                now.total.monthlyCostOut === null
                  ? `${count(now.total.seriesOut)} series`
                  : `${money(now.total.monthlyCostOut, now.currency)} a month`
              }
              hint={
                now.hosts === 0
                  ? "No host has told of its flow within the last minutes."
                  : `${count(now.total.seriesOut)} of ${count(now.total.seriesIn)} live series that come in, ${percent(less)} fewer, from ${counted(now.hosts, "host")}.`
              }
              icon={<IconCoins size={20} />}
            />
          );
        }}
      </Told>
      <Saved price={price} asking={asking} />
      <Told query={useQuery(counts)}>
        {({ byState }) => (
          <Figure
            label="Experiments that measure"
            value={count(MEASURING.reduce((sum, state) => sum + (byState[state] ?? 0), 0))}
            hint={
              <>
                {count(byState.promoted)} promoted, {count(byState.draft)} drafts.{" "}
                <PageLink to="/experiments" underline="always">
                  All experiments
                </PageLink>
              </>
            }
            icon={<IconFlask size={20} />}
          />
        )}
      </Told>
      <Told query={useQuery(fleet)}>
        {(hosts) => (
          <Figure
            label="Hosts that are active"
            value={`${count(hosts.states.active)} of ${count(hosts.hosts)}`}
            hint={<PageLink to="/fleet">The fleet</PageLink>}
            icon={<IconServer size={20} />}
          />
        )}
      </Told>
    </div>
  );
}

/** One cell of the grid, with its figure once that is read. */
function Told<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  return (
    <div>
      <QueryView query={query} loading={<Skeleton h={110} role="status" aria-label="Loading" />}>
        {children}
      </QueryView>
    </div>
  );
}

function Saved({ price, asking }: { price: string | undefined; asking: boolean }) {
  const ledger = useQuery({ ...saved(price ?? ""), enabled: price !== undefined });
  const common = { label: "Saved this month", icon: <IconPigMoney size={20} />, color: "teal" };
  const link = (
    <PageLink to="/savings" underline="always">
      The ledger
    </PageLink>
  );
  if (price === undefined && !asking) return <Figure {...common} value={UNKNOWN} hint={<>Choose a price to reckon by. {link}</>} />;
  return (
    <Told query={ledger}>
      {({ sinceBeginning, thisMonth, currency, until }) =>
        sinceBeginning.days > 0 ? (
          <Figure
            {...common}
            value={money(thisMonth.saved, currency)}
            hint={
              <>
                {money(sinceBeginning.saved, currency)} since the beginning, days up to {until ?? UNKNOWN}. {link}
              </>
            }
          />
        ) : (
          <Figure {...common} value={UNKNOWN} hint={<>No day is recorded yet: a day is added up two hours after its end (UTC). {link}</>} />
        )
      }
    </Told>
  );
}
