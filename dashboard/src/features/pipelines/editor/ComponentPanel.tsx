import { ActionIcon, Alert, Button, Card, Group, Select, Stack, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconFileCode, IconTrash, IconX } from "@tabler/icons-react";
import type { ComponentDescription } from "~/api/schema";
import { dataOf, type Issue } from "../model/configuration";
import { deleteIn, move, remove, setIn, unuse } from "../model/edits";
import { fieldsOf, initialOf, unsetKeys } from "../model/fields";
import type { GraphNode } from "../model/graph";
import { FieldInput } from "./FieldInput";
import { KIND_NAMES } from "./PipelineGraph";

interface Props {
  node: GraphNode;
  text: string;
  types: readonly ComponentDescription[];
  /** How many of its kind the pipeline names. */
  ofKind: number;
  onEdit: (edit: (text: string) => string) => void;
  onReveal: (line: number) => void;
  onClose: () => void;
}

/** What one component is configured with, and its place. */
export function ComponentPanel({ node, text, types, ofKind, onEdit, onReveal, onClose }: Props) {
  const { component, kind, place } = node;
  const described = types.find((t) => t.kind === kind && t.type === component.type);
  const keys = described?.keys ?? [];
  const value = dataOf(text, kind, component.id);
  const fields = fieldsOf(value, keys);
  const missing = unsetKeys(value, keys);
  const prefix = `${kind}.${component.id}`;
  const issueOf = (name: string) => node.errors.find((e) => e.key === `${prefix}.${name}` || e.key.startsWith(`${prefix}.${name}[`));
  const elsewhere = node.errors.filter((e) => !fields.some((f) => issueOf(f.name) === e));
  const words = (issue: Issue) => `${issue.message}; ${issue.remedy}`;
  return (
    <Card component="section" aria-label={`${KIND_NAMES[kind]} ${component.id}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Title order={3} style={{ overflowWrap: "anywhere" }}>
            {component.id}
          </Title>
          <Text size="sm" c="dimmed">
            {described?.summary ?? `${KIND_NAMES[kind]} of a type that the collector does not know.`}
          </Text>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the component" onClick={onClose}>
          <IconX size={18} />
        </ActionIcon>
      </Group>
      <Group gap="xs" my="sm">
        {kind === "processors" && (
          <>
            <Tooltip label="Before the one before it">
              <ActionIcon
                variant="default"
                aria-label="Move earlier"
                disabled={place === 0}
                onClick={() => onEdit((t) => move(t, kind, place, place - 1))}
              >
                <IconArrowUp size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Behind the one behind it">
              <ActionIcon
                variant="default"
                aria-label="Move later"
                disabled={place >= ofKind - 1}
                onClick={() => onEdit((t) => move(t, kind, place, place + 1))}
              >
                <IconArrowDown size={16} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
        {component.defined && (
          <Button size="xs" variant="default" leftSection={<IconFileCode size={14} />} onClick={() => onReveal(component.fromLine)}>
            Show in the text
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => onEdit((t) => unuse(t, kind, component.id))}>
          Take out of the pipeline
        </Button>
        {component.defined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconTrash size={14} />}
            onClick={() => onEdit((t) => remove(t, kind, component.id))}
          >
            Delete
          </Button>
        )}
      </Group>
      <Stack gap="sm">
        {elsewhere.map((issue) => (
          <Alert
            key={`${issue.line}${issue.key}${issue.message}`}
            color="red"
            p="xs"
            title={issue.key.slice(prefix.length + 1) || undefined}
          >
            {words(issue)}
          </Alert>
        ))}
        {fields.map((field) => {
          const issue = issueOf(field.name);
          return (
            <Group key={field.name} gap="xs" wrap="nowrap" align="flex-end">
              <div style={{ flex: 1, minWidth: 0 }}>
                <FieldInput
                  field={field}
                  error={issue === undefined ? undefined : words(issue)}
                  onChange={(next) => onEdit((t) => setIn(t, [kind, component.id, ...field.path], next))}
                />
              </div>
              <Tooltip label="Take the key out">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  mb={4}
                  aria-label={`Take out ${field.name}`}
                  onClick={() => onEdit((t) => deleteIn(t, [kind, component.id, ...field.path]))}
                >
                  <IconX size={16} />
                </ActionIcon>
              </Tooltip>
            </Group>
          );
        })}
        {fields.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing is set; every key has its default.
          </Text>
        )}
        {component.defined && missing.length > 0 && (
          <Select
            label="Set another key"
            placeholder="Choose a key"
            searchable
            value={null}
            data={missing.map((k) => k.key)}
            onChange={(name) => {
              const key = missing.find((k) => k.key === name);
              if (key !== undefined) onEdit((t) => setIn(t, [kind, component.id, ...key.key.split(".")], initialOf(key)));
            }}
          />
        )}
      </Stack>
    </Card>
  );
}
