import { Button, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { versionText } from "~/shared/pipelines/queries";
import { NotYourRole } from "~/shared/session/NotYourRole";
import { useMay } from "~/shared/session/session";
import type { ParameterValues } from "~/shared/templates/parameters";
import { rendered } from "~/shared/templates/queries";
import { PipelineEditor } from "../editor/PipelineEditor";
import { useDraft } from "../editor/useDraft";
import { PreviewPanel } from "../preview/PreviewPanel";
import { LeaveDraft } from "./LeaveDraft";
import { SavePipeline } from "./SavePipeline";

const route = getRouteApi("/_app/pipelines/new");

const EMPTY = `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:4318
processors:
  batch:
exporters:
  debug:
service:
  pipelines:
    metrics:
      receivers: [otlp]
      processors: [batch]
      exporters: [debug]
`;

/** Writes a pipeline, beginning with a filled-in template, the text of another one, or a short one that a collector starts with. */
export function NewPipelinePage() {
  return useMay("operator") ? <NewPipeline /> : <NotYourRole page="New pipeline" does="publish pipelines" />;
}

function NewPipeline() {
  const { template, parameters = {}, from, version = 0 } = route.useSearch();
  const made = useQuery({ ...rendered(template ?? "", parameters as ParameterValues), enabled: template !== undefined });
  const copied = useQuery({ ...versionText(from ?? "", version), enabled: template === undefined && from !== undefined && version > 0 });
  return (
    <>
      {template !== undefined ? (
        <QueryView query={made}>
          {({ configuration }) => (
            <Editor key={configuration} initial={configuration} origin={{ template: { name: template, parameters } }} />
          )}
        </QueryView>
      ) : from !== undefined && version > 0 ? (
        <QueryView query={copied}>{({ configuration }) => <Editor key={configuration} initial={configuration} />}</QueryView>
      ) : (
        <Editor initial={EMPTY} />
      )}
    </>
  );
}

function Editor({ initial, origin }: { initial: string; origin?: { template: { name: string; parameters: Record<string, unknown> } } }) {
  const { node, previews = [], price } = route.useSearch();
  const navigate = route.useNavigate();
  const draft = useDraft(initial);
  const [saving, setSaving] = useState(false);
  return (
    <>
      <PageHeader
        title="New pipeline"
        description={
          origin === undefined
            ? "Nothing is kept until it is saved."
            : `Begins with the template ${origin.template.name}. Nothing is kept until it is saved.`
        }
        actions={
          <Button disabled={!draft.isGood} onClick={() => setSaving(true)}>
            Save
          </Button>
        }
      />
      <Stack>
        <PipelineEditor
          draft={draft}
          chosen={node ?? null}
          onChoose={(id) => void navigate({ search: (s) => ({ ...s, node: id ?? undefined }), replace: true, resetScroll: false })}
        />
        <PreviewPanel
          configuration={draft.text}
          isGood={draft.isGood}
          proposed={[]}
          previews={previews}
          onStarted={(ids) => void navigate({ search: (s) => ({ ...s, previews: ids }), replace: true, resetScroll: false })}
          price={price}
          onPrice={(chosen) => void navigate({ search: (s) => ({ ...s, price: chosen }), replace: true, resetScroll: false })}
        />
        <LeaveDraft isDirty={draft.isDirty && !saving} />
        {saving && (
          // What is as the template makes it is kept as of the template, with its parameters.
          <SavePipeline
            definition={origin !== undefined && !draft.isDirty ? origin : { configuration: draft.text }}
            onClose={() => setSaving(false)}
          />
        )}
      </Stack>
    </>
  );
}
