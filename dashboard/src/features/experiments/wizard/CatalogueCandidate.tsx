import { Accordion, Code, ScrollArea, Select, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { AgentView, TemplateView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { percent } from "~/shared/format/numbers";
import { versionText } from "~/shared/pipelines/queries";
import { changed, filledIn, type ParameterValues, parameterErrors, parted } from "~/shared/templates/parameters";
import { catalogue, rendered, template, ways } from "~/shared/templates/queries";
import { TemplateForm } from "~/shared/templates/TemplateForm";
import { useDesign } from "./form";
import { PreviewPanel } from "./PreviewPanel";
import { PublishCandidate } from "./PublishCandidate";

const route = getRouteApi("/_app/experiments/new");

interface Props {
  hosts: AgentView[];
  onPublished: () => void;
}

/** A candidate made of a template: filled in, looked at as YAML, tried on real input, and published under a name of its own. */
export function CatalogueCandidate({ hosts, onPublished }: Props) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const known = useQuery(catalogue);
  return (
    <QueryView query={known}>
      {({ items }) => {
        const chosen = items.find((t) => t.name === search.template);
        return (
          <Stack>
            <Select
              label="Template"
              description={chosen?.summary ?? "Each one reduces series in its own way, with figures of what it made of recorded input."}
              searchable
              allowDeselect={false}
              data={items.map((t) => ({ value: t.name, label: `${t.title} (${t.name})` }))}
              value={chosen?.name ?? null}
              onChange={(name) =>
                void navigate({
                  search: (now) => ({ ...now, template: name ?? undefined, args: undefined, previews: undefined }),
                  replace: true,
                  resetScroll: false,
                })
              }
            />
            {chosen !== undefined && chosen.measured.length > 0 && (
              <Text size="sm" c="dimmed">
                Measured on recorded input, fewer live series:{" "}
                {chosen.measured.map((m) => `${m.recording} ${percent(m.liveSeriesReductionPct)}`).join(", ")}.
              </Text>
            )}
            {chosen !== undefined && <Filled key={chosen.name} name={chosen.name} hosts={hosts} onPublished={onPublished} />}
          </Stack>
        );
      }}
    </QueryView>
  );
}

function Filled({ name, ...props }: Props & { name: string }) {
  const { baseline } = useDesign().values;
  const chosen = useQuery(template(name));
  const common = useQuery(ways);
  const text = useQuery({ ...versionText(baseline?.pipelineId ?? "", baseline?.version ?? 0), enabled: baseline !== null });
  return (
    <QueryView query={chosen}>
      {(view) => (
        <QueryView query={common}>
          {(ways) => {
            if (baseline !== null && text.isPending) return <Text size="sm">Reading the baseline.</Text>;
            const ofBaseline = Object.entries((text.data?.template?.parameters ?? {}) as Record<string, unknown>).filter(([p]) =>
              ways.has(p),
            );
            return <Parameters view={view} ways={ways} ofBaseline={Object.fromEntries(ofBaseline)} {...props} />;
          }}
        </QueryView>
      )}
    </QueryView>
  );
}

function Parameters({
  view,
  ways,
  ofBaseline,
  hosts,
  onPublished,
}: Props & { view: TemplateView; ways: Set<string>; ofBaseline: Record<string, unknown> }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [edits, setEdits] = useState<ParameterValues>(
    () =>
      search.args ?? (search.metric !== undefined && view.parameters.some((p) => p.name === "metrics") ? { metrics: [search.metric] } : {}),
  );
  const [begunWith] = useState(() => Object.keys(edits));
  const values = filledIn(view, ofBaseline, edits);
  // A number's field that was emptied stays empty on the page, and takes its default.
  for (const [name, value] of Object.entries(edits)) values[name] = value;
  const given = changed(view, values);
  const [settled] = useDebouncedValue(given, 400);
  const outcome = useQuery({ ...rendered(view.name, settled), placeholderData: keepPreviousData });
  const errors = parameterErrors(outcome.error);
  const isGood = outcome.isSuccess && !outcome.isPlaceholderData && JSON.stringify(settled) === JSON.stringify(given);

  useEffect(() => {
    const timer = setTimeout(
      () =>
        void navigate({
          search: (now) => ({ ...now, args: Object.keys(edits).length === 0 ? undefined : edits }),
          replace: true,
          resetScroll: false,
        }),
      400,
    );
    return () => clearTimeout(timer);
  }, [edits, navigate]);

  const change = (name: string, value: ParameterValues[string]) => {
    setEdits((before) => ({ ...before, [name]: value }));
    // What was tried was another configuration.
    if (search.previews !== undefined)
      void navigate({ search: (now) => ({ ...now, previews: undefined }), replace: true, resetScroll: false });
  };
  const { first, fine, shared } = parted(view, ways, begunWith);
  return (
    <Stack>
      <TemplateForm parameters={first} values={values} errors={errors} onChange={change} />
      <Accordion variant="contained" multiple order={4}>
        {fine.length > 0 && (
          <Accordion.Item value="fine">
            <Accordion.Control>
              More settings
              <Text size="xs" c="dimmed">
                {fine.map((p) => p.name).join(", ")}
              </Text>
            </Accordion.Control>
            <Accordion.Panel>
              <TemplateForm parameters={fine} values={values} errors={errors} onChange={change} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
        <Accordion.Item value="ways">
          <Accordion.Control>
            Input and output
            <Text size="xs" c="dimmed">
              {Object.keys(ofBaseline).length > 0
                ? "As the baseline has them. The input has to stay the same."
                : "The input has to be the same as the baseline's, which was written by hand: compare before you publish."}
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <TemplateForm parameters={shared} values={values} errors={errors} onChange={change} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="yaml">
          <Accordion.Control>Collector configuration that it makes</Accordion.Control>
          <Accordion.Panel>
            {outcome.data !== undefined && (
              <ScrollArea.Autosize
                mah={420}
                type="auto"
                viewportProps={{ tabIndex: 0, role: "region", "aria-label": "Collector configuration" }}
              >
                <Code block>{outcome.data.configuration}</Code>
              </ScrollArea.Autosize>
            )}
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      {outcome.isError && <ProblemAlert error={outcome.error} title="These parameters make no configuration" />}
      <PreviewPanel hosts={hosts} source={{ kind: "template", name: view.name, parameters: given }} isGood={isGood} />
      <PublishCandidate template={view.name} parameters={given} isGood={isGood} onPublished={onPublished} />
    </Stack>
  );
}
