import { Grid, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showProblem } from "~/shared/components/showProblem";
import { componentTypes } from "../queries";
import { AddComponent } from "./AddComponent";
import { ComponentPanel } from "./ComponentPanel";
import { IssueList } from "./IssueList";
import { PipelineGraph } from "./PipelineGraph";
import type { Draft } from "./useDraft";
import { YamlEditor } from "./YamlEditor";

interface Props {
  draft: Draft;
  chosen: string | null;
  onChoose: (node: string | null) => void;
}

/** A configuration as a picture and as text. The text is what there is; the picture shows and edits it. */
export function PipelineEditor({ draft, chosen, onChoose }: Props) {
  const types = useQuery(componentTypes);
  const [reveal, setReveal] = useState<{ line: number } | null>(null);
  const { text, configuration, graph, errors, warnings } = draft;
  const node = graph.nodes.find((n) => n.id === chosen) ?? null;
  const edit = (change: (text: string) => string) => {
    try {
      draft.setText(change(text));
    } catch (error) {
      showProblem(error, "This cannot be changed here");
    }
  };
  return (
    <Stack>
      {draft.check.isError && (
        <ProblemAlert error={draft.check.error} title="The text could not be checked" onRetry={() => void draft.check.refetch()} />
      )}
      <IssueList errors={errors} warnings={warnings} upToDate={draft.isChecked} onReveal={(line) => setReveal({ line })} />
      <Group gap="xs">
        <Text size="sm" fw={600}>
          Add
        </Text>
        <AddComponent configuration={configuration} types={types.data ?? []} onEdit={edit} onChoose={onChoose} />
      </Group>
      <PipelineGraph graph={graph} chosen={node?.id ?? null} onChoose={onChoose} />
      <Grid>
        <Grid.Col span={{ base: 12, md: node === null ? 12 : 7 }}>
          <YamlEditor
            label="Configuration as YAML"
            value={text}
            onChange={draft.setText}
            errors={errors}
            warnings={warnings}
            reveal={reveal}
            height={560}
          />
        </Grid.Col>
        {node !== null && (
          <Grid.Col span={{ base: 12, md: 5 }}>
            <ComponentPanel
              key={node.id}
              node={node}
              text={text}
              types={types.data ?? []}
              ofKind={configuration.uses[node.kind].length}
              onEdit={edit}
              onReveal={(line) => setReveal({ line })}
              onClose={() => onChoose(null)}
            />
          </Grid.Col>
        )}
      </Grid>
    </Stack>
  );
}
