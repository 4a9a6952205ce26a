import type { Guardrail } from "~/api/schema";

/** What did not hold, in words. */
export const BREACHES: Record<Guardrail, string> = {
  conservation: "Totals changed",
  protectedRetention: "Protected metrics lost",
  dataLoss: "Data lost",
  candidateCpu: "Too much CPU",
  candidateMemory: "Too much memory",
  exportErrors: "Export errors",
  addedDelay: "Too much delay",
  inputMismatch: "Input differed",
};
