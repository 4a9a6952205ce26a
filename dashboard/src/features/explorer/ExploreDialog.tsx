import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { ExplorationRequest, ExplorationStarted } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { count } from "~/shared/format/numbers";
import { refusedField } from "~/shared/forms/refusedField";
import { TargetInput } from "~/shared/hosts/TargetInput";
import { type Target, targetBody, targetProblem } from "~/shared/hosts/target";
import { PriceSelect } from "~/shared/prices/PriceSelect";

interface Props {
  chosen: Target;
  metric?: string;
  price?: string;
  onClose: () => void;
  onStarted: (id: string) => void;
}

/** Asks hosts what their input is made of. */
export function ExploreDialog({ chosen, metric: asked, price: valued, onClose, onStarted }: Props) {
  const queries = useQueryClient();
  const [target, setTarget] = useState(chosen);
  const [metric, setMetric] = useState(asked ?? "");
  const [price, setPrice] = useState(valued);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const explore = useMutation({
    mutationFn: async () => {
      const body = {
        ...targetBody(target),
        ...(metric.trim() === "" ? {} : { metric: metric.trim() }),
        ...(price === undefined ? {} : { price }),
        ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      };
      return (await call(api.POST("/api/v2/explorations", { body: body as ExplorationRequest }))) as ExplorationStarted;
    },
    meta: { problemShown: true },
    onSuccess: (started) => {
      void queries.invalidateQueries({ queryKey: ["explorations"] });
      showDone(`${count(started.hosts.length)} ${started.hosts.length === 1 ? "host is" : "hosts are"} asked.`);
      onStarted(started.id);
    },
  });
  const shown = refusedField(explore.error, "hosts", "group", "selector", "metric", "price", "reason");

  return (
    <Modal opened onClose={onClose} title="Explore hosts" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (targetProblem(target) === null) explore.mutate();
        }}
      >
        <Stack>
          <Alert variant="light" color="blue" icon={<IconEye />} title="Values of labels leave the hosts">
            Each host counts the recent input of its production collector and sends names of metrics and labels, and the values with most
            series. They are kept here for seven days, in no event. A host's owner can forbid it in the allow-list.
          </Alert>
          <TargetInput
            value={target}
            onChange={setTarget}
            error={refusedField(explore.error, "hosts", "group", "selector") ?? (tried ? targetProblem(target) : null)}
          />
          <Text size="sm" c="dimmed">
            At most 50 hosts at once.
          </Text>
          <TextInput
            label="Metric"
            description="To look into one in depth; left out, the metrics with most series are told."
            value={metric}
            onChange={(e) => setMetric(e.currentTarget.value)}
            error={refusedField(explore.error, "metric")}
          />
          <PriceSelect
            description="Values what is found by what it would cost a month; can be chosen later too."
            value={price}
            onChange={setPrice}
            error={refusedField(explore.error, "price")}
          />
          <TextInput
            label="Reason"
            description="Stands in the audit log."
            maxLength={500}
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            error={refusedField(explore.error, "reason")}
          />
          {explore.isError && shown === null && <ProblemAlert error={explore.error} title="Nobody was asked" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={explore.isPending}>
              Explore
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
