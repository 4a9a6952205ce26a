import { Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBookmark, IconChevronDown, IconDeviceFloppy, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { deleteView, savedViews, saveView } from "~/shared/views/views";
import { type ListSearch, listSearch, toSave } from "./listSearch";

const route = getRouteApi("/_app/experiments/");
const PAGE = "experiments";

/** Filters and order of the list under a name, for the user alone and in every browser of theirs. */
export function SavedViews({ search }: { search: ListSearch }) {
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const views = useQuery(savedViews).data?.filter((view) => view.page === PAGE) ?? [];
  const [saving, save] = useDisclosure(false);
  const now = JSON.stringify(toSave(search));
  const current = views.find((view) => JSON.stringify(toSave(listSearch(view.search as Record<string, unknown>))) === now);
  const remove = useMutation({
    mutationFn: (name: string) => deleteView(name),
    onSuccess: () => queries.invalidateQueries({ queryKey: savedViews.queryKey }),
  });

  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} />} rightSection={<IconChevronDown size={14} />}>
            {current?.name ?? "Views"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void navigate({ search: {} })}>All experiments</Menu.Item>
          {views.map((view) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item
                style={{ flex: 1, minWidth: 0 }}
                onClick={() => void navigate({ search: listSearch(view.search as Record<string, unknown>) })}
              >
                <Text size="sm" truncate>
                  {view.name}
                </Text>
              </Menu.Item>
              <Menu.Item
                w={36}
                aria-label={`Delete the view ${view.name}`}
                closeMenuOnClick={false}
                onClick={() => remove.mutate(view.name)}
                style={{ flex: "none" }}
              >
                <IconTrash size={14} />
              </Menu.Item>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={save.open}>
            Save this view
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SaveView opened={saving} onClose={save.close} search={search} taken={views.map((view) => view.name)} />
    </>
  );
}

function SaveView({ opened, onClose, search, taken }: { opened: boolean; onClose: () => void; search: ListSearch; taken: string[] }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const save = useMutation({
    meta: { problemShown: true },
    mutationFn: () => saveView(name.trim(), PAGE, toSave(search)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: savedViews.queryKey });
      showDone(`The view ${name.trim()} is saved.`);
      leave();
    },
  });
  const leave = () => {
    setName("");
    save.reset();
    onClose();
  };
  const refused = save.error instanceof ApiError ? save.error : null;
  return (
    <Modal opened={opened} onClose={leave} title="Save this view">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") save.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description={taken.includes(name.trim()) ? "The view of this name is replaced." : "Filters and order are kept, for you alone."}
            maxLength={100}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={refused?.field === "name" ? refused.detail : undefined}
          />
          {save.isError && refused?.field !== "name" && <ProblemAlert error={save.error} title="The view was not saved" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={leave}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={name.trim() === ""}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
