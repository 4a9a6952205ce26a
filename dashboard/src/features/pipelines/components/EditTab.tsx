import { Button, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { PipelineView, VersionText } from "~/api/schema";
import { QueryView } from "~/shared/components/QueryView";
import { versionText } from "~/shared/pipelines/queries";
import { PipelineEditor } from "../editor/PipelineEditor";
import { useDraft } from "../editor/useDraft";
import { PreviewPanel } from "../preview/PreviewPanel";
import { pipelineHosts } from "../queries";
import { LeaveDraft } from "./LeaveDraft";
import { PublishedMeanwhile } from "./PublishedMeanwhile";
import { PublishVersion } from "./PublishVersion";
import { useBase } from "./useBase";

const route = getRouteApi("/_app/pipelines/$id");

/** Writes the next version, beginning with the text of the latest or of another one. */
export function EditTab({ pipeline }: { pipeline: PipelineView }) {
  const { version: asked } = route.useSearch();
  const navigate = route.useNavigate();
  const { version, newer, beginWithLatest } = useBase(pipeline, asked);
  const text = useQuery(versionText(pipeline.id, version));
  const startOver = () => {
    beginWithLatest();
    // The address names a version only where it is not the latest.
    void navigate({ search: (s) => ({ ...s, version: undefined }), replace: true, resetScroll: false, ignoreBlocker: true });
  };
  return (
    <QueryView query={text}>
      {(found) => <Editor key={found.version} pipeline={pipeline} base={found} newer={newer} onBeginWithNewer={startOver} />}
    </QueryView>
  );
}

interface EditorProps {
  pipeline: PipelineView;
  base: VersionText;
  newer: number | null;
  onBeginWithNewer: () => void;
}

function Editor({ pipeline, base, newer, onBeginWithNewer }: EditorProps) {
  const { node, previews = [], price } = route.useSearch();
  const navigate = route.useNavigate();
  const draft = useDraft(base.configuration);
  const [publishing, setPublishing] = useState(false);
  const hosts = useInfiniteQuery(pipelineHosts(pipeline.id, undefined)).data?.pages[0]?.items ?? [];
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm">
          Begins with the text of version {base.version}
          {newer === null && base.version !== pipeline.latestVersion && `, which is not the latest (${pipeline.latestVersion})`}. Nothing is
          kept until it is published.
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
      {newer !== null && !publishing && <PublishedMeanwhile base={base.version} newer={newer} onBeginWithIt={onBeginWithNewer} />}
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
        price={price}
        onPrice={(chosen) => void navigate({ search: (s) => ({ ...s, price: chosen }), replace: true, resetScroll: false })}
      />
      <LeaveDraft isDirty={draft.isDirty && !publishing} />
      {publishing && (
        <PublishVersion pipeline={pipeline} before={base} newer={newer} configuration={draft.text} onClose={() => setPublishing(false)} />
      )}
    </Stack>
  );
}
