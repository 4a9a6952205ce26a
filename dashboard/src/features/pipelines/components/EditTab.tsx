import { Button, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { PipelineView, VersionText } from "~/api/schema";
import { QueryView } from "~/shared/components/QueryView";
import { PipelineEditor } from "../editor/PipelineEditor";
import { useDraft } from "../editor/useDraft";
import { PreviewPanel } from "../preview/PreviewPanel";
import { pipelineHosts, versionText } from "../queries";
import { LeaveDraft } from "./LeaveDraft";
import { PublishVersion } from "./PublishVersion";

const route = getRouteApi("/_app/pipelines/$id");

/** Writes the next version, beginning with the text of the latest or of another one. */
export function EditTab({ pipeline }: { pipeline: PipelineView }) {
  const { version = pipeline.latestVersion } = route.useSearch();
  const text = useQuery(versionText(pipeline.id, version));
  return <QueryView query={text}>{(found) => <Editor key={`${found.version}`} pipeline={pipeline} base={found} />}</QueryView>;
}

function Editor({ pipeline, base }: { pipeline: PipelineView; base: VersionText }) {
  const { node, previews = [] } = route.useSearch();
  const navigate = route.useNavigate();
  const draft = useDraft(base.configuration);
  const [publishing, setPublishing] = useState(false);
  const hosts = useInfiniteQuery(pipelineHosts(pipeline.id, undefined)).data?.pages[0]?.items ?? [];
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm">
          Begins with the text of version {base.version}
          {base.version !== pipeline.latestVersion && `, which is not the latest (${pipeline.latestVersion})`}. Nothing is kept until it is
          published.
        </Text>
        <Group gap="xs">
          <Button variant="default" disabled={!draft.isDirty} onClick={() => draft.setText(base.configuration)}>
            Start over
          </Button>
          <Button disabled={!draft.isDirty || !draft.isGood} onClick={() => setPublishing(true)}>
            Publish version {pipeline.latestVersion + 1}
          </Button>
        </Group>
      </Group>
      <PipelineEditor
        draft={draft}
        chosen={node ?? null}
        onChoose={(id) => void navigate({ search: (s) => ({ ...s, node: id ?? undefined }), replace: true, resetScroll: false })}
      />
      <PreviewPanel
        configuration={draft.text}
        isGood={draft.isGood}
        proposed={hosts.map((h) => h.hostId)}
        previews={previews}
        onStarted={(ids) => void navigate({ search: (s) => ({ ...s, previews: ids }), replace: true, resetScroll: false })}
      />
      <LeaveDraft isDirty={draft.isDirty && !publishing} />
      {publishing && <PublishVersion pipeline={pipeline} before={base} configuration={draft.text} onClose={() => setPublishing(false)} />}
    </Stack>
  );
}
