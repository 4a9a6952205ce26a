import { Button, Group, SegmentedControl, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { Created, TemplateRequest } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { pipelines } from "~/shared/pipelines/queries";
import type { ParameterValues } from "~/shared/templates/parameters";
import { useDesign } from "./form";

const route = getRouteApi("/_app/experiments/new");

interface Props {
  template: string;
  parameters: ParameterValues;
  /** Whether the parameters make a configuration. */
  isGood: boolean;
  onPublished: () => void;
}

/** Publishes what the template makes, since an experiment runs published versions alone, which never change. */
export function PublishCandidate({ template, parameters, isGood, onPublished }: Props) {
  const form = useDesign();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const known = useQuery(pipelines()).data?.items ?? [];
  const [as, setAs] = useState<"new" | "version">("new");
  const [name, setName] = useState("");
  const [pipeline, setPipeline] = useState<string | null>(null);

  const publish = useMutation({
    meta: { problemShown: true },
    mutationFn: async () => {
      const made: TemplateRequest = { name: template, parameters: parameters as Record<string, never> };
      const answer =
        as === "new"
          ? await call(
              api.POST("/api/v2/pipelines", {
                body: { name: name.trim(), description: "", configuration: "", reason: "", template: made },
              }),
            )
          : await call(
              api.POST("/api/v2/pipelines/{id}/versions", {
                params: { path: { id: pipeline ?? "" } },
                body: { configuration: "", reason: "", template: made },
              }),
            );
      await queries.invalidateQueries({ queryKey: ["pipelines"] });
      return answer as Created;
    },
    onSuccess: ({ id, version }) => {
      form.setFieldValue("candidate", { pipelineId: id, version });
      form.clearFieldError("candidate");
      showDone("Published, and chosen as the candidate.");
      void navigate({
        search: (now) => ({ ...now, template: undefined, args: undefined, metric: undefined }),
        replace: true,
        resetScroll: false,
      });
      onPublished();
    },
  });
  const refused = publish.error instanceof ApiError ? publish.error : null;
  const missing = as === "new" ? name.trim() === "" : pipeline === null;
  const run = () => {
    if (!missing && isGood) publish.mutate();
  };

  return (
    <Stack gap="xs">
      <Title order={4} size="sm">
        Publish
      </Title>
      <Text size="sm" c="dimmed">
        An experiment runs published versions, which never change. Publishing deploys nothing.
      </Text>
      <Group align="flex-end" wrap="wrap">
        <SegmentedControl
          aria-label="Publish as"
          data={[
            { value: "new", label: "New pipeline" },
            { value: "version", label: "New version of" },
          ]}
          value={as}
          onChange={(value) => setAs(value as typeof as)}
        />
        {as === "new" ? (
          <TextInput
            label="Name of the pipeline"
            style={{ flex: "1 1 220px" }}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              // Enter publishes here, and does not go on to the next step.
              if (event.key !== "Enter") return;
              event.preventDefault();
              run();
            }}
            error={refused?.field === "name" ? refused.detail : undefined}
          />
        ) : (
          <Select
            label="Pipeline"
            searchable
            style={{ flex: "1 1 220px" }}
            data={known.filter((p) => !p.deprecated).map((p) => ({ value: p.id, label: `${p.name} (latest v${p.latestVersion})` }))}
            value={pipeline}
            onChange={setPipeline}
          />
        )}
        <Button variant="light" onClick={run} loading={publish.isPending} disabled={missing || !isGood}>
          Publish and use as candidate
        </Button>
      </Group>
      {publish.isError && refused?.field !== "name" && <ProblemAlert error={publish.error} title="This was not published" />}
    </Stack>
  );
}
