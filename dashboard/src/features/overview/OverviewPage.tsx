import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { counts } from "~/shared/experiments/queries";
import { usualPrice } from "~/shared/prices/prices";
import { Decisions } from "./Decisions";
import { Figures } from "./Figures";
import { FirstRun } from "./FirstRun";
import { FleetHealth } from "./FleetHealth";
import { Forecast } from "./Forecast";
import { everStarted } from "./guide";
import { MoneyNow } from "./MoneyNow";
import classes from "./overview.module.css";
import { UnderWay } from "./UnderWay";

const route = getRouteApi("/_app/");

/** What is spent and saved, what is under way, and what waits for a person. */
export function OverviewPage() {
  const { price: chosen } = route.useSearch();
  const known = useQuery(counts);
  const usual = useQuery({ ...usualPrice, enabled: chosen === undefined });
  const price = chosen ?? usual.data ?? undefined;
  const asking = chosen === undefined && usual.isPending;

  if (known.isPending) return <Skeleton h={200} aria-label="Loading" role="status" />;
  const first = known.data !== undefined && everStarted(known.data.byState, known.data.archived) === 0;
  return (
    <>
      <PageHeader title="Overview" />
      <Stack>
        {known.isError && <ProblemAlert error={known.error} onRetry={() => void known.refetch()} />}
        {usual.isError && (
          <ProblemAlert error={usual.error} title="By which price to reckon is not known" onRetry={() => void usual.refetch()} />
        )}
        {first && <FirstRun />}
        <Figures price={price} asking={asking} />
        <div className={classes.halves}>
          <Decisions />
          <UnderWay />
        </div>
        <MoneyNow price={price} asking={asking} isChosen={chosen !== undefined} />
        <div className={classes.halves}>
          <FleetHealth />
          <Forecast price={price} />
        </div>
      </Stack>
    </>
  );
}
