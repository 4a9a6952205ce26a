import { SimpleGrid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ExperimentView } from "~/api/schema";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { until } from "../bands";
import { windows } from "../queries";
import { ArmsPanel } from "./ArmsPanel";
import { BackendPanel } from "./BackendPanel";
import { ClaimsPanel } from "./ClaimsPanel";
import { CostPanel } from "./CostPanel";
import { CriteriaPanel } from "./CriteriaPanel";
import { GuardrailsPanel } from "./GuardrailsPanel";
import { OverheadPanel } from "./OverheadPanel";
import { PromotionPanel } from "./PromotionPanel";
import { ReductionPanel } from "./ReductionPanel";
import { SavingPanel } from "./SavingPanel";
import { VisibilityPanel } from "./VisibilityPanel";
import { WhatIfPanel } from "./WhatIfPanel";

const PROMOTED: ExperimentView["state"][] = ["promoting", "promoted", "rollingBack", "rolledBack"];

export function OverviewTab({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const query = useQuery({ ...windows(x.id, at), enabled: x.startedAt !== null });
  if (x.startedAt === null)
    return (
      <Stack>
        <CriteriaPanel x={x} />
        <EmptyState title="Nothing is measured before the start">
          Start the experiment to put both variants on its hosts. Production goes on as it is meanwhile.
        </EmptyState>
      </Stack>
    );
  return (
    <Stack>
      {at === null && PROMOTED.includes(x.state) && <PromotionPanel id={x.id} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <CriteriaPanel x={x} />
        <ClaimsPanel x={x} />
      </SimpleGrid>
      <QueryView query={query}>
        {(view) => {
          const shown = until(view.items, at);
          return (
            <Stack>
              <SimpleGrid cols={{ base: 1, lg: 2 }}>
                <ReductionPanel x={x} windows={shown} />
                <SavingPanel view={view} windows={shown} />
              </SimpleGrid>
              <ArmsPanel windows={shown} thinned={view.thinned ? view.windows : null} />
            </Stack>
          );
        }}
      </QueryView>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <VisibilityPanel x={x} />
        <OverheadPanel x={x} />
      </SimpleGrid>
      <GuardrailsPanel id={x.id} />
      <CostPanel x={x} />
      <WhatIfPanel x={x} />
      {/* A metrics backend is asked what it holds now. */}
      {at === null && <BackendPanel id={x.id} />}
    </Stack>
  );
}
