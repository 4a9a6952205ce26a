import { Alert, Button, Group, Stack, Stepper, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconArrowLeft, IconArrowRight, IconDeviceFloppy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { ApiError } from "~/api/client";
import { LeaveQuestion } from "~/shared/components/LeaveQuestion";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { pipelines } from "~/shared/pipelines/queries";
import { CriteriaStep } from "./CriteriaStep";
import type { Design } from "./design";
import { DesignFormProvider, useDesignForm } from "./form";
import { HostsStep } from "./HostsStep";
import { nameOf } from "./names";
import { PipelinesStep } from "./PipelinesStep";
import { ReviewStep } from "./ReviewStep";
import { allProblems, openStep, problems, STEP_TITLES, STEPS, type Step, stepOf } from "./steps";
import { type Draft, useDraft } from "./useDraft";
import { addressOf } from "./wizardSearch";

const route = getRouteApi("/_app/experiments/new");

interface Props {
  title: string;
  initial: Design;
  draft: Draft | null;
  cloneOf: string | null;
  onCreated: (id: string) => void;
  onReadAgain: () => void;
}

export function Wizard({ title, initial, draft: opened, cloneOf, onCreated, onReadAgain }: Props) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const form = useDesignForm({ initialValues: initial });
  const { draft, draftNow, save, isKept } = useDraft(opened, opened === null ? null : initial, cloneOf, onCreated);
  const known = useQuery(pipelines()).data?.items ?? [];
  const design = form.values;
  // A design that is done again is whole from the beginning, but no draft yet.
  const step = openStep(search.step ?? "hosts", design, draft !== null);
  const unsaved = draft !== null && !isKept(design);

  // What is chosen before there is a draft stands in the address, and so outlives a reload.
  const address = JSON.stringify(addressOf(design, draft !== null));
  useEffect(() => {
    const wanted = JSON.parse(address) as ReturnType<typeof addressOf>;
    const none = { hosts: undefined, selector: undefined, group: undefined, baseline: undefined, candidate: undefined };
    const timer = setTimeout(
      () => void navigate({ search: (now) => ({ ...now, ...none, ...wanted }), replace: true, resetScroll: false }),
      300,
    );
    return () => clearTimeout(timer);
  }, [address, navigate]);

  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current !== step) heading.current?.focus();
    shown.current = step;
  }, [step]);

  const go = (to: Step, id?: string) => navigate({ search: (now) => ({ ...now, step: to, ...(id === undefined ? {} : { from: id }) }) });

  const refuse = (found: Record<string, string>) => {
    form.setErrors(found);
    requestAnimationFrame(() => document.querySelector<HTMLElement>("#wizard [aria-invalid=true]")?.focus());
  };

  /** Keeps the design. A refusal is shown at the field that it names, and where `follow` is said on the step where that stands. */
  const keep = async (values: Design, follow: boolean): Promise<Draft | null> => {
    try {
      return await save.mutateAsync(values);
    } catch (error) {
      // The problem itself is shown above the form.
      const field = error instanceof ApiError ? error.field : null;
      const made = draft === null ? draftNow() : null;
      // A clone may be there whose change was refused: the address names it, so that a reload goes on with it.
      if (follow && field !== null) await go(stepOf(field), made?.id);
      else if (made !== null) await go(step, made.id);
      if (error instanceof ApiError && field !== null) {
        if (follow) refuse({ [field]: error.detail });
        else form.setFieldError(field, error.detail);
      }
      return null;
    }
  };

  const leave = async (to: Step) => {
    // Back is always open: what is wrong here may have to be put right there.
    if (STEPS.indexOf(to) < STEPS.indexOf(step)) return void go(to);
    const found = problems(step, design);
    if (Object.keys(found).length > 0) return refuse(found);
    if (draft === null && step === "hosts") return void go("pipelines");
    const named = design.name.trim() === "" ? { ...design, name: nameOf(design, known) } : design;
    if (named !== design) form.setFieldValue("name", named.name);
    const kept = await keep(named, true);
    if (kept !== null) await go(to, kept.id);
  };

  const saveIfChanged = () => {
    // What the field that is left has only now taken over is not in `design` yet. While another save is under way this one waits for its turn.
    const values = form.getValues();
    if (draft !== null && !isKept(values) && Object.keys(allProblems(values)).length === 0) void keep(values, false);
  };

  const at = STEPS.indexOf(step);
  const next = STEPS[at + 1];
  const before = STEPS[at - 1];
  return (
    <DesignFormProvider form={form}>
      <PageHeader
        title={title}
        description={
          draft === null
            ? "Nothing runs before it is started. What you choose stands in the address until the draft is written down after the second step."
            : unsaved
              ? "The draft has changes that are not saved yet."
              : `The draft “${design.name}” is saved. Nothing runs before it is started.`
        }
        actions={
          draft !== null && (
            <Button
              variant="default"
              leftSection={<IconDeviceFloppy size={16} />}
              disabled={!unsaved}
              loading={save.isPending}
              onClick={() => void leave(step)}
            >
              Save draft
            </Button>
          )
        }
      />
      <Stack id="wizard" gap="lg">
        <Stepper active={at} onStepClick={(i) => void leave(STEPS[i] ?? "hosts")} size="sm" iconSize={32} wrap>
          {STEPS.map((s, i) => (
            <Stepper.Step
              key={s}
              label={STEP_TITLES[s].title}
              description={STEP_TITLES[s].description}
              allowStepSelect={i <= at + 1 || draft !== null}
            />
          ))}
        </Stepper>
        {save.isError && (
          <ProblemAlert
            error={save.error}
            title="The draft was not saved"
            onRetry={save.error instanceof ApiError && save.error.status === 412 ? onReadAgain : undefined}
          />
        )}
        <form
          noValidate
          onBlur={saveIfChanged}
          onSubmit={(event) => {
            event.preventDefault();
            if (next !== undefined) void leave(next);
          }}
        >
          <Stack gap="lg">
            <Title order={2} ref={heading} tabIndex={-1} style={{ outline: "none" }}>
              {STEP_TITLES[step].title}
            </Title>
            {Object.keys(form.errors).length > 0 && (
              <Alert color="red" icon={<IconAlertTriangle />} title="Something is missing or refused">
                {Object.values(form.errors).map((message) => (
                  <Text key={String(message)} size="sm">
                    {message}
                  </Text>
                ))}
              </Alert>
            )}
            {step === "hosts" && <HostsStep draftId={draft?.id ?? null} />}
            {step === "pipelines" && <PipelinesStep />}
            {step === "criteria" && draft !== null && <CriteriaStep draft={draft} isSaved={!unsaved} />}
            {step === "review" && draft !== null && (
              <ReviewStep draft={draft} isSaved={!unsaved} onSave={() => void leave("review")} onReadAgain={onReadAgain} />
            )}
            <Group justify="space-between">
              {before === undefined ? (
                <span />
              ) : (
                <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => void leave(before)}>
                  Back
                </Button>
              )}
              {next !== undefined && (
                <Button type="submit" rightSection={<IconArrowRight size={16} />} loading={save.isPending}>
                  {step === "pipelines" && draft === null
                    ? "Write the draft, and continue"
                    : `Continue to ${STEP_TITLES[next].title.toLowerCase()}`}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </Stack>
      <LeaveQuestion isDirty={unsaved} leaves={(from, to) => from.pathname !== to.pathname}>
        Changes to the draft are not saved, and are lost when you leave.
      </LeaveQuestion>
    </DesignFormProvider>
  );
}
