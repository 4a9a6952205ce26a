import { Card, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { count } from "~/shared/format/numbers";
import { CatalogueCandidate } from "./CatalogueCandidate";
import { targetsOf } from "./design";
import { useDesign } from "./form";
import { useMeantHosts } from "./MeantHosts";
import { PreviewPanel } from "./PreviewPanel";
import { commonProduction, runningIt } from "./production";
import { VersionField } from "./VersionField";

const route = getRouteApi("/_app/experiments/new");

/** What is compared: what the hosts run, and what shall become of it, tried on recent real input before anything runs. */
export function PipelinesStep() {
  const form = useDesign();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [fromCatalogue, setFromCatalogue] = useState(form.values.candidate === null && (search.template ?? search.metric) !== undefined);
  const { hosts, pending } = useMeantHosts(targetsOf(form.values), true);
  const { baseline } = form.values;

  const common = commonProduction(hosts);
  const proposed = useRef(baseline !== null);
  useEffect(() => {
    // What every host runs is the only baseline that an experiment can start from. Proposed once: what is chosen by hand stays.
    if (pending || proposed.current || common === null) return;
    proposed.current = true;
    form.setFieldValue("baseline", common);
  }, [pending, common, form]);

  const running = baseline === null ? 0 : runningIt(hosts, baseline);
  const forget = () => void navigate({ search: (now) => ({ ...now, previews: undefined }), replace: true, resetScroll: false });

  return (
    <Stack gap="lg">
      <Card>
        <Stack gap="xs">
          <Title order={3}>Baseline</Title>
          <VersionField name="baseline" label="Pipeline" description="What the hosts run in production now." deprecatedToo />
          {baseline !== null && hosts.length > 0 && (
            <Text size="sm" c={running === hosts.length ? "dimmed" : undefined} fw={running === hosts.length ? undefined : 600}>
              {running === hosts.length
                ? hosts.length === 1
                  ? "The one host that is meant runs it in production."
                  : `All ${count(hosts.length)} hosts that were read run it in production.`
                : `Only ${count(running)} of ${count(hosts.length)} hosts that were read run it in production. An experiment starts only where its baseline runs.`}
            </Text>
          )}
        </Stack>
      </Card>
      <Card>
        <Stack gap="sm">
          <Title order={3}>Candidate</Title>
          <SegmentedControl
            aria-label="Where the candidate is from"
            w="fit-content"
            maw="100%"
            data={[
              { value: "published", label: "Published version" },
              { value: "catalogue", label: "From the catalogue" },
            ]}
            value={fromCatalogue ? "catalogue" : "published"}
            onChange={(from) => {
              setFromCatalogue(from === "catalogue");
              forget();
            }}
          />
          {fromCatalogue ? (
            <CatalogueCandidate hosts={hosts} onPublished={() => setFromCatalogue(false)} />
          ) : (
            <>
              <VersionField
                name="candidate"
                label="Pipeline"
                description="What shall become of it. It needs the same receivers as the baseline: both see the same input."
                deprecatedToo={false}
                onChange={forget}
              />
              {form.values.candidate !== null && <PreviewPanel hosts={hosts} source={{ kind: "version", ...form.values.candidate }} />}
            </>
          )}
        </Stack>
      </Card>
    </Stack>
  );
}
