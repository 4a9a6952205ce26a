import { Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { PipelineView, VersionText } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { versionText } from "~/shared/pipelines/queries";
import { PipelineGraph } from "../editor/PipelineGraph";
import { YamlEditor } from "../editor/YamlEditor";
import { read } from "../model/configuration";
import { graphOf } from "../model/graph";
import { VersionSelect } from "./VersionSelect";

const route = getRouteApi("/_app/pipelines/$id");

/** What a version says, as a picture and as text. */
export function ConfigurationTab({ pipeline }: { pipeline: PipelineView }) {
  const { version = pipeline.latestVersion } = route.useSearch();
  const navigate = route.useNavigate();
  const text = useQuery(versionText(pipeline.id, version));
  return (
    <Stack>
      <VersionSelect
        label="Version"
        pipeline={pipeline}
        value={version}
        onChange={(v) =>
          void navigate({ search: (s) => ({ ...s, version: v === null || v === pipeline.latestVersion ? undefined : v, node: undefined }) })
        }
      />
      <QueryView query={text}>{(found) => <Shown text={found} />}</QueryView>
    </Stack>
  );
}

function Shown({ text }: { text: VersionText }) {
  const { node } = route.useSearch();
  const navigate = route.useNavigate();
  const graph = useMemo(() => graphOf(read(text.configuration)), [text.configuration]);
  const line = graph.nodes.find((n) => n.id === node)?.component.fromLine;
  const reveal = useMemo(() => (line === undefined ? null : { line }), [line]);
  return (
    <>
      <PipelineGraph
        graph={graph}
        chosen={node ?? null}
        onChoose={(id) => void navigate({ search: (s) => ({ ...s, node: id ?? undefined }), replace: true, resetScroll: false })}
      />
      <Group justify="space-between">
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          Hash <Code>{text.configurationHash.slice(0, 16)}</Code>
          {text.template && (
            <>
              {" · rendered from "}
              <PageLink to="/pipelines" search={{ tab: "catalogue", template: text.template.name, parameters: text.template.parameters }}>
                {text.template.name} v{text.template.version}
              </PageLink>
            </>
          )}
        </Text>
        <CopyButton value={text.configuration}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
              {copied ? "Copied" : "Copy the text"}
            </Button>
          )}
        </CopyButton>
      </Group>
      <YamlEditor label="Configuration as YAML" value={text.configuration} reveal={reveal} height={600} />
    </>
  );
}
