import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, call } from "~/api/client";
import type { Created, PipelineView, VersionText } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { YamlDiff } from "../editor/YamlDiff";
import { PublishedMeanwhile } from "./PublishedMeanwhile";

interface Props {
  pipeline: PipelineView;
  before: VersionText;
  /** A version that somebody has published since `before`. */
  newer: number | null;
  configuration: string;
  onClose: () => void;
}

/** Shows what differs once more, and publishes. A version never changes afterwards. */
export function PublishVersion({ pipeline, before, newer, configuration, onClose }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { reason: "" } });
  const publish = useMutation({
    mutationFn: async ({ reason }: { reason: string }) =>
      (await call(
        api.POST("/api/v2/pipelines/{id}/versions", {
          params: { path: { id: pipeline.id } },
          body: { configuration, reason, template: null },
        }),
      )) as Created,
    meta: { problemShown: true },
    onSuccess: async ({ version }) => {
      await queries.invalidateQueries({ queryKey: ["pipelines"] });
      showDone(`Version ${version} of ${pipeline.name} is published.`);
      void navigate({ to: "/pipelines/$id", params: { id: pipeline.id }, search: { tab: "configuration" } });
    },
  });
  return (
    <Modal opened onClose={onClose} size="xl" title={`Publish version ${pipeline.latestVersion + 1} of ${pipeline.name}`}>
      <form onSubmit={form.onSubmit((v) => publish.mutate(v))}>
        <Stack>
          {newer !== null && (publish.isIdle || publish.isError) && <PublishedMeanwhile base={before.version} newer={newer} />}
          <YamlDiff
            before={before.configuration}
            after={configuration}
            beforeLabel={`Version ${before.version}`}
            afterLabel="The new version"
          />
          <Textarea label="Reason" description="Stands in the audit log." autosize data-autofocus {...form.getInputProps("reason")} />
          {publish.isError && <ProblemAlert error={publish.error} title="It was not published" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={publish.isPending}>
              Publish
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
