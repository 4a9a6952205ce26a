import { Button, Group, Stack, Text } from "@mantine/core";
import { IconFlask, IconFlaskOff, IconPlus, IconScale } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageButton } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { useMore } from "~/shared/components/useMore";
import { counts } from "~/shared/experiments/queries";
import { count } from "~/shared/format/numbers";
import { type Change, changed } from "~/shared/search/change";
import { words } from "~/shared/search/read";
import { useMay } from "~/shared/session/session";
import { ExperimentsTable } from "./ExperimentsTable";
import { Filters } from "./Filters";
import { isFiltered, type ListSearch, MOST_PICKED } from "./listSearch";
import { experiments } from "./queries";
import { SavedViews } from "./SavedViews";

const route = getRouteApi("/_app/experiments/");

export function ExperimentsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("operator");
  const list = useInfiniteQuery({ ...experiments(search), placeholderData: keepPreviousData });
  const byState = useQuery(counts);
  const picked = words(search.picked);
  const change = useCallback(
    (change: Change<ListSearch>) => void navigate({ search: (was) => changed(was, change), replace: true, resetScroll: false }),
    [navigate],
  );
  const more = useMore(list);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const all = byState.data === undefined ? undefined : Object.values(byState.data.byState).reduce((sum, n) => sum + n, 0);

  return (
    <Stack gap="md">
      <PageHeader
        title="Experiments"
        description="Two pipelines on the same live input, and what the difference proves."
        actions={
          <>
            <SavedViews search={search} />
            {picked.length > 1 && (
              <PageButton
                to="/experiments/compare"
                search={{ ids: picked.join(",") }}
                variant="light"
                leftSection={<IconScale size={16} />}
              >
                Compare {picked.length}
              </PageButton>
            )}
            {may && (
              <PageButton to="/experiments/new" leftSection={<IconPlus size={16} />}>
                New experiment
              </PageButton>
            )}
          </>
        }
      />
      <Filters search={search} counts={byState.data} onChange={change} />
      <QueryView query={list}>
        {() => (
          <>
            <ExperimentsTable
              rows={rows}
              search={search}
              onChange={change}
              onEndReached={more}
              empty={
                <Nothing
                  search={search}
                  may={may}
                  onClear={() => change({ search: undefined, state: undefined, host: undefined, pipeline: undefined })}
                />
              }
            />
            <Group justify="space-between">
              <Text size="xs" c="dimmed">
                {count(rows.length)}
                {list.hasNextPage ? " read so far" : rows.length === 1 ? " experiment" : " experiments"}
                {search.archived !== true && !isFiltered(search) && all !== undefined && list.hasNextPage && ` of ${count(all)}`}
              </Text>
              <Text size="xs" c="dimmed" aria-live="polite">
                {picked.length === 1 && "Pick one more to compare them."}
                {picked.length === MOST_PICKED && "Four are compared at most."}
              </Text>
            </Group>
          </>
        )}
      </QueryView>
    </Stack>
  );
}

function Nothing({ search, may, onClear }: { search: ListSearch; may: boolean; onClear: () => void }) {
  if (isFiltered(search))
    return (
      <EmptyState
        icon={<IconFlaskOff />}
        title="No experiment is like that"
        action={
          <Button variant="default" onClick={onClear}>
            Show all
          </Button>
        }
      >
        Take a filter away, or look among those that are {search.archived === true ? "not archived" : "archived"}.
      </EmptyState>
    );
  if (search.archived === true) return <EmptyState icon={<IconFlaskOff />} title="Nothing is archived" />;
  return (
    <EmptyState
      icon={<IconFlask />}
      title="There is no experiment yet"
      action={
        may && (
          <PageButton to="/experiments/new" leftSection={<IconPlus size={16} />}>
            New experiment
          </PageButton>
        )
      }
    >
      An experiment runs another pipeline beside the one in production, on the same input, and proves how many series it saves and that
      nothing is lost.
    </EmptyState>
  );
}
