import { Button, Card, Collapse, Grid, Group, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowLeft, IconEdit, IconFlask } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { TemplateView as View } from "~/api/schema";
import { PageButton, PageLink } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { count, duration } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { changed, filledIn, type ParameterValue, parameterErrors, parted } from "~/shared/templates/parameters";
import { catalogue, rendered, template, ways } from "~/shared/templates/queries";
import { TemplateForm } from "~/shared/templates/TemplateForm";
import { SavePipeline } from "../components/SavePipeline";
import { YamlEditor } from "../editor/YamlEditor";
import { MeasuredTable } from "./MeasuredTable";

const route = getRouteApi("/_app/pipelines/");

/** A template: what it does, what it was measured to save, and a form that fills it in. */
export function TemplateView({ name }: { name: string }) {
  const found = useQuery(template(name));
  const common = useQuery(ways);
  return (
    <Stack>
      <div>
        <PageLink to="/pipelines" search={{ tab: "catalogue" }} size="sm">
          <IconArrowLeft size={14} aria-hidden /> All templates
        </PageLink>
      </div>
      <QueryView query={found}>{(t) => <QueryView query={common}>{(names) => <Filled template={t} ways={names} />}</QueryView>}</QueryView>
    </Stack>
  );
}

const noneIfEmpty = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value);

function Filled({ template: t, ways }: { template: View; ways: ReadonlySet<string> }) {
  const { parameters: given = {} } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("operator");
  const [showsAll, setShowsAll] = useState(false);
  const [saving, setSaving] = useState(false);
  const values = filledIn(t, given);
  const args = changed(t, values);
  const [settled] = useDebouncedValue(args, 300);
  const yaml = useQuery({ ...rendered(t.name, settled), placeholderData: keepPreviousData, retry: false });
  const errors = parameterErrors(yaml.error);
  const isGood = yaml.isSuccess && !yaml.isPlaceholderData && JSON.stringify(settled) === JSON.stringify(args);
  const set = (name: string, value: ParameterValue) =>
    void navigate({
      search: (s) => ({ ...s, parameters: noneIfEmpty(changed(t, { ...values, [name]: value })) }),
      replace: true,
      resetScroll: false,
    });
  const [begunWith] = useState(() => Object.keys(given));
  const { first, fine, shared } = parted(t, ways, begunWith);
  // One that has nothing of its own, as the baseline, shows what it has.
  const [asked, more] = first.length > 0 ? [first, [...fine, ...shared]] : [[...fine, ...shared], []];
  return (
    <>
      <Title order={2}>{t.title}</Title>
      <Text size="sm" style={{ whiteSpace: "pre-line" }}>
        {t.description}
      </Text>
      <Measured template={t} />
      {mayWrite && (
        <Group gap="xs">
          <Button disabled={!isGood} onClick={() => setSaving(true)}>
            Save as pipeline
          </Button>
          <PageButton
            variant="default"
            leftSection={<IconFlask size={16} />}
            to="/experiments/new"
            search={{ template: t.name, args: noneIfEmpty(args) }}
          >
            Use in an experiment
          </PageButton>
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
      <Grid>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Card>
            <Title order={3} mb="xs">
              Parameters
            </Title>
            <Stack gap="sm">
              <TemplateForm parameters={asked} values={values} errors={errors} onChange={set} />
              {more.length > 0 && (
                <>
                  <Button variant="subtle" size="compact-sm" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
                    {showsAll ? "Fewer parameters" : `${more.length} more parameters`}
                  </Button>
                  <Collapse expanded={showsAll || more.some((p) => p.name in errors)}>
                    <TemplateForm parameters={more} values={values} errors={errors} onChange={set} />
                  </Collapse>
                </>
              )}
            </Stack>
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack gap="sm">
            {yaml.isError && <ProblemAlert error={yaml.error} title="These parameters make no configuration" />}
            {yaml.data !== undefined && <YamlEditor label="Rendered configuration" value={yaml.data.configuration} height={620} />}
          </Stack>
        </Grid.Col>
      </Grid>
      {saving && (
        <SavePipeline
          definition={{ template: { name: t.name, parameters: args } }}
          proposedName={t.name}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}

function Measured({ template: t }: { template: View }) {
  const measured = useQuery(catalogue).data?.items.find((s) => s.name === t.name)?.measured ?? [];
  return (
    <Card>
      <Title order={3} mb="xs">
        Measured
      </Title>
      <MeasuredTable rows={measured} label={`What ${t.title} made of recorded input`} />
      {t.recordings.length > 0 && (
        <Text size="xs" c="dimmed" mt="xs">
          Recordings: {t.recordings.map((r) => `${r.name} (${count(r.scrapes)} scrapes over ${duration(r.seconds)})`).join(", ")}. Measured
          by {t.measuredBy}. Your input differs; a preview on your hosts tells.
        </Text>
      )}
    </Card>
  );
}
