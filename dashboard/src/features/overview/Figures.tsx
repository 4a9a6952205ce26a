import { SimpleGrid } from "@mantine/core";
import { IconCoins, IconFlask, IconPigMoney, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Figure } from "~/shared/components/Figure";
import { PageLink } from "~/shared/components/links";
import { count, money, percent, UNKNOWN } from "~/shared/format/numbers";
import { counts, fleet, flow, saved } from "./queries";

const MEASURING = ["starting", "warmingUp", "running"];

/** The four figures that most people come for. */
export function Figures({ price }: { price: string | undefined }) {
  const now = useQuery(flow("metric", price)).data;
  const ledger = useQuery({ ...saved(price ?? ""), enabled: price !== undefined });
  const hosts = useQuery(fleet).data;
  const experiments = useQuery(counts).data;
  const running = experiments === undefined ? undefined : MEASURING.reduce((sum, state) => sum + (experiments.byState[state] ?? 0), 0);
  const recorded = ledger.data !== undefined && ledger.data.sinceBeginning.days > 0;
  const less = now === undefined || now.total.seriesIn === 0 ? null : 100 * (1 - now.total.seriesOut / now.total.seriesIn);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Figure
        label="Goes out now"
        value={
          now?.total.monthlyCostOut == null
            ? `${count(now?.total.seriesOut)} series`
            : `${money(now.total.monthlyCostOut, now.currency)} a month`
        }
        hint={
          now === undefined || now.hosts === 0
            ? "No host has told of its flow within the last minutes."
            : `${count(now.total.seriesOut)} of ${count(now.total.seriesIn)} live series that come in, ${percent(less)} fewer, from ${count(now.hosts)} ${now.hosts === 1 ? "host" : "hosts"}.`
        }
        icon={<IconCoins size={20} />}
      />
      <Figure
        label="Saved this month"
        value={recorded ? money(ledger.data?.thisMonth.saved, ledger.data?.currency) : UNKNOWN}
        hint={
          <>
            {recorded
              ? `${money(ledger.data?.sinceBeginning.saved, ledger.data?.currency)} since the beginning, days up to ${ledger.data?.until ?? UNKNOWN}. `
              : "No day is recorded yet: a day is added up two hours after its end (UTC). "}
            <PageLink to="/savings" underline="always">
              The ledger
            </PageLink>
          </>
        }
        icon={<IconPigMoney size={20} />}
        color="teal"
      />
      <Figure
        label="Experiments that measure"
        value={count(running)}
        hint={
          <>
            {experiments === undefined
              ? ""
              : `${count(experiments.byState.promoted)} promoted, ${count(experiments.byState.draft)} drafts. `}
            <PageLink to="/experiments" underline="always">
              All experiments
            </PageLink>
          </>
        }
        icon={<IconFlask size={20} />}
      />
      <Figure
        label="Hosts that are active"
        value={hosts === undefined ? UNKNOWN : `${count(hosts.states.active)} of ${count(hosts.hosts)}`}
        hint={<PageLink to="/fleet">The fleet</PageLink>}
        icon={<IconServer size={20} />}
      />
    </SimpleGrid>
  );
}
