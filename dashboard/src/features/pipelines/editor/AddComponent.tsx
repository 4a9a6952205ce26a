import { Button, Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ComponentDescription } from "~/api/schema";
import { type Configuration, KINDS, type Kind } from "../model/configuration";
import { add, freeId, use } from "../model/edits";
import { nodeId } from "../model/graph";
import { KIND_NAMES } from "./PipelineGraph";

interface Props {
  configuration: Configuration;
  types: readonly ComponentDescription[];
  onEdit: (edit: (text: string) => string) => void;
  onChoose: (id: string) => void;
}

/** Adds a component of any type, or names one that is defined and not used. */
export function AddComponent({ configuration, types, onEdit, onChoose }: Props) {
  const unused = configuration.components.filter((c) => !c.used);
  const place = (kind: Kind) => {
    // A batch processor stands last, or the collector does not start.
    const last = configuration.uses[kind].at(-1);
    return kind === "processors" && last?.split("/")[0] === "batch" ? configuration.uses[kind].length - 1 : undefined;
  };
  const make = (kind: Kind, type: string) => {
    const id = freeId(
      type,
      configuration.components.filter((c) => c.kind === kind).map((c) => c.id),
    );
    onEdit((text) => add(text, kind, id, null, type === "batch" ? undefined : place(kind)));
    onChoose(nodeId(kind, id));
  };
  return (
    <>
      {KINDS.map((kind) => (
        <Menu key={kind} position="bottom-start" withinPortal>
          <Menu.Target>
            <Button size="xs" variant="default" leftSection={<IconPlus size={14} />}>
              {KIND_NAMES[kind]}
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={400} style={{ overflowY: "auto" }}>
            {unused.some((c) => c.kind === kind) && (
              <>
                <Menu.Label>Defined and not used</Menu.Label>
                {unused
                  .filter((c) => c.kind === kind)
                  .map((c) => (
                    <Menu.Item
                      key={c.id}
                      onClick={() => {
                        onEdit((text) => use(text, kind, c.id, place(kind)));
                        onChoose(nodeId(kind, c.id));
                      }}
                    >
                      {c.id}
                    </Menu.Item>
                  ))}
                <Menu.Divider />
              </>
            )}
            <Menu.Label>New</Menu.Label>
            {types
              .filter((t) => t.kind === kind)
              .map((t) => (
                <Menu.Item key={t.type} onClick={() => make(kind, t.type)}>
                  <b>{t.type}</b>
                  <br />
                  {t.summary}
                </Menu.Item>
              ))}
          </Menu.Dropdown>
        </Menu>
      ))}
    </>
  );
}
