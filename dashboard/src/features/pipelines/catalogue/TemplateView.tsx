import { Button, Card, Collapse, Grid, Group, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowLeft, IconEdit } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { TemplateView as View } from "~/api/schema";
import { PageButton, PageLink } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { count, duration } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { SavePipeline } from "../components/SavePipeline";
import { YamlEditor } from "../editor/YamlEditor";
import { catalogue, rendered, template } from "../queries";
import { MeasuredTable } from "./MeasuredTable";
import { ParameterField } from "./ParameterField";
import { argumentsOf, refusedParameters, valuesOf } from "./parameters";

const route = getRouteApi("/_app/pipelines/");

/** A template: what it does, what it was measured to save, and a form that fills it in. */
export function TemplateView({ name }: { name: string }) {
  const found = useQuery(template(name));
  return (
    <Stack>
      <div>
        <PageLink to="/pipelines" search={{ tab: "catalogue" }} size="sm">
          <IconArrowLeft size={14} aria-hidden /> All templates
        </PageLink>
      </div>
      <QueryView query={found}>{(t) => <Filled template={t} />}</QueryView>
    </Stack>
  );
}

function Filled({ template: t }: { template: View }) {
  const { parameters: given } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("operator");
  const measured = useQuery(catalogue).data?.items.find((s) => s.name === t.name)?.measured ?? [];
  const [showsAll, setShowsAll] = useState(false);
  const [saving, setSaving] = useState<"save" | "experiment" | null>(null);
  const values = valuesOf(t.parameters, given);
  const args = argumentsOf(t.parameters, values);
  const [asked] = useDebouncedValue(args, 300);
  const yaml = useQuery({ ...rendered(t.name, asked), placeholderData: keepPreviousData });
  const refused = refusedParameters(yaml.error);
  const isGood = yaml.isSuccess && !yaml.isPlaceholderData && JSON.stringify(asked) === JSON.stringify(args);

  const first = t.parameters.slice(0, OWN_PARAMETERS);
  const others = t.parameters.slice(OWN_PARAMETERS);
  const field = (p: View["parameters"][number]) => (
    <ParameterField
      key={p.name}
      parameter={p}
      value={values[p.name] ?? ""}
      error={refused[p.name]}
      onChange={(value) =>
        void navigate({
          search: (s) => ({ ...s, parameters: noneIfEmpty(argumentsOf(t.parameters, { ...values, [p.name]: value })) }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
  const wrongElsewhere = yaml.isError && Object.keys(refused).filter((n) => t.parameters.some((p) => p.name === n)).length === 0;
  return (
    <>
      <Title order={2}>{t.title}</Title>
      <Text size="sm" style={{ whiteSpace: "pre-line" }}>
        {t.description}
      </Text>
      <Card>
        <Title order={3} mb="xs">
          Measured
        </Title>
        <MeasuredTable rows={measured} label={`What ${t.title} made of recorded input`} />
        {t.recordings.length > 0 && (
          <Text size="xs" c="dimmed" mt="xs">
            Recordings: {t.recordings.map((r) => `${r.name} (${count(r.scrapes)} scrapes over ${duration(r.seconds)})`).join(", ")}.
            Measured by {t.measuredBy}. Your input differs; a preview on your hosts tells.
          </Text>
        )}
      </Card>
      <Grid>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Card>
            <Title order={3} mb="xs">
              Parameters
            </Title>
            <Stack gap="sm">
              {first.map(field)}
              {others.length > 0 && (
                <>
                  <Button variant="subtle" size="compact-sm" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
                    {showsAll ? "Fewer parameters" : `${others.length} more parameters`}
                  </Button>
                  <Collapse expanded={showsAll || others.some((p) => p.name in refused)}>
                    <Stack gap="sm">{others.map(field)}</Stack>
                  </Collapse>
                </>
              )}
            </Stack>
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="sm">
            {mayWrite && (
              <Group gap="xs">
                <Button disabled={!isGood} onClick={() => setSaving("save")}>
                  Save as pipeline
                </Button>
                <Button variant="default" disabled={!isGood} onClick={() => setSaving("experiment")}>
                  Use in an experiment
                </Button>
                <PageButton
                  variant="default"
                  leftSection={<IconEdit size={16} />}
                  to="/pipelines/new"
                  search={{ template: t.name, parameters: noneIfEmpty(args) }}
                >
                  Edit as text
                </PageButton>
              </Group>
            )}
            {wrongElsewhere && <ProblemAlert error={yaml.error} title="These parameters make no configuration" />}
            {yaml.data !== undefined && <YamlEditor label="Rendered configuration" value={yaml.data.configuration} height={620} />}
          </Stack>
        </Grid.Col>
      </Grid>
      {saving !== null && (
        <SavePipeline
          definition={{ template: { name: t.name, parameters: args } }}
          proposedName={t.name}
          then={saving === "experiment" ? "experiment" : "pipeline"}
          onClose={() => setSaving(null)}
        />
      )}
    </>
  );
}

/** Those that are of the template itself come first; what all share about input and output follows. */
const OWN_PARAMETERS = 6;

const noneIfEmpty = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value);
