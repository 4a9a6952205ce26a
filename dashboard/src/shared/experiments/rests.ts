import type { ExperimentState } from "~/api/schema";

const RESTING: readonly ExperimentState[] = ["draft", "completed", "promoted", "rolledBack", "stopped"];

/** Whether nothing of it is under way: only then it can be archived. */
export const rests = (state: ExperimentState): boolean => RESTING.includes(state);
