import { Alert, Button, Card, Group, List, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle, IconPlayerPlay } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { bytes, percent } from "~/shared/format/numbers";
import { pipelines } from "~/shared/pipelines/queries";
import { PreviewSummaryView } from "~/shared/previews/PreviewSummaryView";
import { summarise } from "~/shared/previews/summarise";
import { experiment, overlaps, power } from "../queries";
import { overlapQuestion, requestOf, targetsOf } from "./design";
import { useDesign } from "./form";
import { useMeantHosts } from "./MeantHosts";
import { pipelineName } from "./names";
import { OverlapList } from "./OverlapList";
import { PowerFigures } from "./PowerFigures";
import { usePreviews } from "./PreviewPanel";
import { runningIt } from "./production";
import type { Draft } from "./useDraft";
import { CLAIM_WORDS, hostsInWords, whatWillHappen } from "./words";

const route = getRouteApi("/_app/experiments/new");

interface Props {
  draft: Draft;
  isSaved: boolean;
  onSave: () => void;
  onReadAgain: () => void;
}

/** Everything once more, who else wants the hosts, and what will happen; then the start, of what is shown and nothing else. */
export function ReviewStep({ draft, isSaved, onSave, onReadAgain }: Props) {
  const design = useDesign().values;
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const known = useQuery(pipelines()).data?.items ?? [];
  const meant = useQuery({ ...overlaps(overlapQuestion(design, draft.id)), refetchInterval: 15_000 });
  const { hosts } = useMeantHosts(targetsOf(design), true);
  const preview = summarise(usePreviews());
  const proof = useQuery(power(draft.id, draft.version, route.useSearch().power ?? {}));
  // The start names the version that is shown here and is refused where there is a newer one: better to see that before.
  const now = useQuery(experiment(draft.id)).data;
  // The start itself changes it too.
  const [begun, setBegun] = useState(false);
  const isTheirs = isSaved && !begun && now !== undefined && now.version > draft.version;
  const [starting, start] = useDisclosure(false);
  const request = requestOf(design, "");
  const { criteria, plan } = request;
  const elsewhere = design.baseline === null ? 0 : hosts.length - runningIt(hosts, design.baseline);

  const rows: [string, string][] = [
    ["Name", design.name],
    ["Hypothesis", design.hypothesis.trim() || "None"],
    ["Hosts", hostsInWords(design, meant.data?.hosts)],
    ["Baseline", pipelineName(design.baseline, known)],
    ["Candidate", pipelineName(design.candidate, known)],
    ["Verdict on", CLAIM_WORDS[design.criteria.claim]],
    ["Fewer live series, at least", percent(criteria?.minSeriesReductionPct)],
    ["Conservation error, at most", percent(criteria?.maxConservationErrorPct, 3)],
    ["Candidate's CPU, at most", `${percent(criteria?.maxCandidateCpuPct)} of one core`],
    ["Candidate's memory, at most", bytes(criteria?.maxCandidateResidentBytes)],
    ["Added delay, at most", `${criteria?.maxAddedDelaySeconds} s`],
    ["Protected metrics", design.protectedMetrics.join(", ") || "None of its own"],
    ["Priced by", design.priceEntry ?? ""],
  ];

  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card>
          <Title order={3} mb="xs">
            The design
          </Title>
          <Table variant="vertical" layout="fixed">
            <Table.Tbody>
              {rows.map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th w={180}>{label}</Table.Th>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
        <Stack>
          <Card>
            <Title order={3} mb="xs">
              What will happen
            </Title>
            <List type="ordered" size="sm" spacing="xs">
              {plan !== null && whatWillHappen(plan, design.criteria.claim).map((line) => <List.Item key={line}>{line}</List.Item>)}
            </List>
          </Card>
          {elsewhere > 0 && (
            <Text size="sm" fw={600}>
              {elsewhere} of the {hosts.length} hosts that were read do not run the baseline in production: the start will be refused until
              they do.
            </Text>
          )}
          {meant.isError && <ProblemAlert error={meant.error} />}
          <OverlapList view={meant.data} />
        </Stack>
      </SimpleGrid>
      {proof.data !== undefined && (
        <Card>
          <Title order={3} mb="xs">
            What this can prove
          </Title>
          <PowerFigures view={proof.data} />
        </Card>
      )}
      {preview !== null && (
        <Card>
          <Title order={3} mb="xs">
            What the preview made of it
          </Title>
          <PreviewSummaryView summary={preview} price={design.priceEntry ?? undefined} />
        </Card>
      )}
      {!isSaved && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="This is not saved yet">
          <Stack gap="xs" align="flex-start">
            <Text size="sm">What is started is what the control plane has. Save the draft first.</Text>
            <Button size="xs" variant="default" onClick={onSave}>
              Save what is shown
            </Button>
          </Stack>
        </Alert>
      )}
      {isTheirs && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="Somebody else has changed the draft">
          <Stack gap="xs" align="flex-start">
            <Text size="sm">What is shown here is not what would be started.</Text>
            <Button size="xs" variant="default" onClick={onReadAgain}>
              Read again
            </Button>
          </Stack>
        </Alert>
      )}
      <Group justify="flex-end">
        <Button leftSection={<IconPlayerPlay size={16} />} onClick={start.open} disabled={!isSaved || isTheirs}>
          Start the experiment
        </Button>
      </Group>
      <ReasonModal
        opened={starting && !isTheirs}
        onClose={start.close}
        title={`Start “${design.name}”`}
        confirm="Start"
        done="The experiment is starting."
        action={async (reason) => {
          setBegun(true);
          try {
            await call(
              api.POST("/api/v2/experiments/{id}/start", {
                params: { path: { id: draft.id } },
                headers: { "if-match": `"${draft.version}"` },
                body: { reason },
              }),
            );
          } catch (refusal) {
            setBegun(false);
            // Somebody may have changed it: what is shown here is then not what would be started.
            await queries.invalidateQueries({ queryKey: ["experiments", "one", draft.id] });
            throw refusal;
          }
          await queries.invalidateQueries({ queryKey: ["experiments"] });
          await navigate({ to: "/experiments/$id", params: { id: draft.id } });
        }}
      >
        Both pipelines are put on {hostsInWords(design, meant.data?.hosts)}. Production goes on as it is; the candidate runs beside it. It
        can be stopped at any time.
      </ReasonModal>
    </Stack>
  );
}
