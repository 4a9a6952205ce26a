/** What happened to a task, in words, from the event that the log keeps. */
export interface TaskStep {
  title: string;
  detail: string | null;
  /** Whether it went wrong there. */
  bad: boolean;
  logTail: string[];
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** An event that this page does not know is told by its type. */
export function taskStep(type: string, data: unknown): TaskStep {
  const d = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const step = (title: string, detail: string | null = null, bad = false): TaskStep => ({
    title,
    detail,
    bad,
    logTail: Array.isArray(d.logTail) ? d.logTail.filter((line): line is string => typeof line === "string") : [],
  });
  const said = [text(d.code), text(d.detail)].filter((part) => part !== null).join(": ") || null;
  switch (type) {
    case "task_queued":
      return step("Queued", typeof d.priority === "number" ? `Priority ${d.priority}` : null);
    case "task_assigned":
      return step(`Assigned, attempt ${d.attempt ?? "?"}`, `Lease ${d.lease ?? "?"}`);
    case "task_progressed":
      return step(`At work: ${text(d.phase) ?? "?"}`, text(d.detail));
    case "task_succeeded":
      return step("Succeeded");
    case "task_failed":
      return step(d.retryable === false ? "Failed for good" : "Failed", said, true);
    case "task_lease_expired":
      return step("Nothing was heard of it", `Lease ${d.lease ?? "?"} has run out.`, true);
    case "task_requeued":
      return step("Queued again", null);
    case "task_dead_lettered":
      return step(`Dead letter after ${d.attempts ?? "?"} attempts`, said, true);
    case "task_revived":
      return step("Given new attempts");
    case "task_cancelled":
      return step("Cancelled", text(d.cause));
    default:
      return step(type);
  }
}
