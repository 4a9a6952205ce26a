import { expect, it } from "vitest";
import { hostEvent } from "./hostEvent";

it("tells what happened to a host", () => {
  expect(hostEvent("agent_labelled", { labels: { role: "web", gpu: "" } })).toEqual({ title: "Labels set", detail: "gpu, role=web" });
  expect(hostEvent("agent_labelled", { labels: {} }).detail).toBe("None");
  expect(hostEvent("agent_enrolled", { operatingSystem: "Debian", architecture: "X64", agentVersion: "0.2.0" }).detail).toBe("Debian, X64, agent 0.2.0");
  expect(hostEvent("agent_sent_to_sea", null)).toEqual({ title: "agent_sent_to_sea", detail: null });
});
