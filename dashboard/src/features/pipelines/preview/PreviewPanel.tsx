import { Button, Card, Group, Stack, TagsInput, Text, Title } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { PreviewStarted } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { refusedField } from "~/shared/forms/refusedField";
import { HostsInput } from "~/shared/hosts/HostsInput";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { useValuedBy } from "~/shared/prices/useValuedBy";
import { PreviewResult } from "./PreviewResult";

interface Props {
  configuration: string;
  /** Whether a collector would start with it. */
  isGood: boolean;
  /** Hosts that are proposed: those that run the pipeline. */
  proposed: readonly string[];
  /** Ids of the previews that are shown. */
  previews: readonly string[];
  onStarted: (ids: string[]) => void;
  /** By which money is told; where none is chosen, the one that experiments are valued by. */
  price: string | undefined;
  onPrice: (price: string | undefined) => void;
}

/** Plays the recent input of hosts through the text and shows what would leave, without deploying anything. */
export function PreviewPanel({ configuration, isGood, proposed, previews, onStarted, price, onPrice }: Props) {
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [kept, setKept] = useState<string[]>([]);
  const hosts = chosen ?? proposed.slice(0, 1);
  const valued = useValuedBy(price);
  const ask = useMutation({
    mutationFn: async () =>
      (await call(
        api.POST("/api/v2/pipelines/preview", {
          body: { configuration, template: null, hosts, protectedMetrics: kept, reason: "Preview from the editor" },
        }),
      )) as PreviewStarted[],
    meta: { problemShown: true },
    onSuccess: (started) => onStarted(started.map((s) => s.id)),
  });
  const hostsError = refusedField(ask.error, "hosts");
  return (
    <Card component="section" aria-labelledby="preview-title">
      <Title order={2} id="preview-title">
        Live preview
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Hosts play what their production collector received in the last minutes through this text. Nothing is deployed; numbers and names of
        metrics and labels leave the host.
      </Text>
      <Stack gap="sm">
        <HostsInput value={hosts} onChange={setChosen} error={hostsError} />
        <TagsInput
          label="Protected metrics"
          description="Metrics that must leave untouched; * stands for any run of characters. Those of the organisation are added."
          value={kept}
          onChange={setKept}
          acceptValueOnBlur
          error={refusedField(ask.error, "protectedMetrics")}
        />
        {ask.isError && hostsError === null && <ProblemAlert error={ask.error} title="No preview was asked for" />}
        <Group>
          <Button
            leftSection={<IconPlayerPlay size={16} />}
            loading={ask.isPending}
            disabled={!isGood || hosts.length === 0}
            onClick={() => ask.mutate()}
          >
            Preview{hosts.length === 0 ? "" : hosts.length === 1 ? " on one host" : ` on ${hosts.length} hosts`}
          </Button>
          {!isGood && (
            <Text size="sm" c="dimmed">
              Correct the errors first.
            </Text>
          )}
        </Group>
        {previews.length > 0 && <PriceSelect w={280} maw="100%" clearable={price !== undefined} value={valued.price} onChange={onPrice} />}
        {previews.map((id) => (
          <PreviewResult key={id} id={id} price={valued.price} />
        ))}
      </Stack>
    </Card>
  );
}
