import { Button, Stack } from "@mantine/core";
import { IconChartTreemap, IconZoomScan } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageHeader } from "~/shared/components/PageHeader";
import { targetOf } from "~/shared/hosts/target";
import { words } from "~/shared/search/read";
import { useMay } from "~/shared/session/session";
import { Explorations } from "./Explorations";
import { ExploreDialog } from "./ExploreDialog";
import { Found } from "./Found";
import { explorations } from "./queries";
import type { ExplorerSearch } from "./search";

const route = getRouteApi("/_app/explorer");

export function ExplorerPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayExplore = useMay("operator");
  const past = useInfiniteQuery(explorations).data?.pages[0]?.items;
  const shown = search.exploration ?? past?.[0]?.id;
  const onSearch = useCallback(
    (changes: Partial<ExplorerSearch>) => void navigate({ search: (was) => ({ ...was, ...changes }), replace: true, resetScroll: false }),
    [navigate],
  );
  const explore = mayExplore && (
    <Button leftSection={<IconZoomScan size={16} />} onClick={() => onSearch({ dialog: "explore" })}>
      Explore hosts
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Cardinality"
        description="Which metrics, labels and values the series of hosts are made of, and what each branch costs."
        actions={explore}
      />
      <Stack>
        {shown !== undefined && <Found key={shown} id={shown} search={search} onSearch={onSearch} />}
        {shown === undefined && past !== undefined && (
          <EmptyState icon={<IconChartTreemap />} title="Nothing was explored yet" action={explore}>
            An exploration asks hosts what the recent input of their production collectors is made of: metrics, their labels, and the values
            with most series.
          </EmptyState>
        )}
        <Explorations search={{ ...search, exploration: shown }} />
      </Stack>
      {mayExplore && search.dialog === "explore" && (
        <ExploreDialog
          chosen={targetOf({ hosts: words(search.hosts), group: search.group, selector: search.selector })}
          metric={search.metric}
          price={search.price}
          onClose={() => onSearch({ dialog: undefined })}
          onStarted={(exploration) => void navigate({ search: { exploration, price: search.price } })}
        />
      )}
    </>
  );
}
