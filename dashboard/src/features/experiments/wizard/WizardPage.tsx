import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { ExperimentView } from "~/api/schema";
import { QueryView } from "~/shared/components/QueryView";
import { pipelines } from "~/shared/pipelines/queries";
import { prices } from "~/shared/prices/prices";
import { NotYourRole } from "~/shared/session/NotYourRole";
import { useMay } from "~/shared/session/session";
import { experiment } from "../queries";
import { type Design, designOf } from "./design";
import { Wizard } from "./Wizard";
import { designFrom } from "./wizardSearch";

const route = getRouteApi("/_app/experiments/new");

/** The design of an experiment, step by step: a new one, a draft that is gone on with, or one that is done again. */
export function WizardPage() {
  const { from } = route.useSearch();
  // A draft that this page itself has written down is open already: that its id comes into the address must not begin the wizard anew.
  const [session, setSession] = useState({ openedWith: from, address: from, created: null as string | null, number: 0 });
  if (from !== session.address)
    setSession(
      from === session.created
        ? { ...session, address: from, created: null }
        : { openedWith: from, address: from, created: null, number: session.number + 1 },
    );
  const may = useMay("operator");
  if (!may) return <NotYourRole page="New experiment" does="write experiments" />;
  const opening: Opening = {
    onCreated: (id) => setSession((now) => ({ ...now, created: id })),
    onReadAgain: () => setSession((now) => ({ ...now, openedWith: now.address, number: now.number + 1 })),
  };
  return session.openedWith === undefined ? (
    <Fresh key={session.number} {...opening} />
  ) : (
    <Reopened key={session.number} from={session.openedWith} reading={session.number} {...opening} />
  );
}

interface Opening {
  onCreated: (id: string) => void;
  onReadAgain: () => void;
}

const DEFAULT_PRICE = "signoz-cloud-samples";

function Fresh(props: Opening) {
  const search = route.useSearch();
  const choices = useQuery(pipelines());
  const book = useQuery(prices());
  return (
    <QueryView query={choices}>
      {(known) => (
        <QueryView query={book}>
          {(entries) => {
            const latest = (id: string) => known.items.find((p) => p.id === id)?.latestVersion ?? null;
            const price = entries.items.find((p) => p.id === DEFAULT_PRICE) ?? entries.items[0];
            const initial: Design = { ...designFrom(search, latest), priceEntry: price?.id ?? null };
            return <Wizard title="New experiment" initial={initial} draft={null} cloneOf={null} {...props} />;
          }}
        </QueryView>
      )}
    </QueryView>
  );
}

function Reopened({ from, reading, ...props }: Opening & { from: string; reading: number }) {
  // What somebody else changes meanwhile is told when it is saved; it does not change fields under the cursor.
  const read = useQuery({
    ...experiment(from),
    // A reading of its own: fields begin with what is read now, and not with what was read before.
    queryKey: ["experiments", "to-edit", from, String(reading)],
    staleTime: 0,
    gcTime: 0,
    refetchOnMount: "always",
  });
  return <QueryView query={read}>{(x) => <Wizard {...openingOf(x)} {...props} />}</QueryView>;
}

function openingOf(x: ExperimentView) {
  const isDraft = x.state === "draft";
  const design = designOf(x);
  return isDraft
    ? { title: "Edit draft", initial: design, draft: { id: x.id, version: x.version }, cloneOf: null }
    : { title: "New experiment like another", initial: { ...design, name: `Copy of ${x.name}`.slice(0, 200) }, draft: null, cloneOf: x.id };
}
