import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { apiUrlProblem, hostIdProblem, labelsProblem, serviceCommand, shellCommand } from "./enrolCommand";

const enrolment = {
  apiUrl: "https://phoenix.example.org",
  hostId: "web-1.example",
  token: "t0k'en $(x)",
  labels: "role=web, env=staging",
  agent: "/opt/my phoenix/phoenix-agent",
  collector: "/opt/my phoenix/phoenix-collector",
};

describe("the command that enrols a host", () => {
  it("gives the agent just these variables, whatever is in them", () => {
    const shown = execFileSync("sh", ["-c", shellCommand({ ...enrolment }).replace("'/opt/my phoenix/phoenix-agent'", "env")], {
      env: { PATH: process.env.PATH ?? "", HOME: "/home/owner" },
    }).toString();
    expect(shown.split("\n")).toEqual(
      expect.arrayContaining([
        "PHOENIX_API_URL=https://phoenix.example.org",
        "AGENT_HOST_ID=web-1.example",
        "PHOENIX_ENROLMENT_TOKEN=t0k'en $(x)",
        "PHOENIX_AGENT_LABELS=role=web,env=staging",
        "PHOENIX_COLLECTOR=/opt/my phoenix/phoenix-collector",
        "PHOENIX_AGENT_STATE_DIR=/home/owner/.phoenix-agent",
      ]),
    );
  });

  it("leaves out what was not given", () => {
    const command = shellCommand({ ...enrolment, labels: "", collector: "" });
    expect(command).not.toContain("PHOENIX_AGENT_LABELS");
    expect(command).not.toContain("PHOENIX_COLLECTOR");
  });

  it("writes what the unit reads, for its owner alone", () => {
    const command = serviceCommand({ ...enrolment, token: "abc" });
    expect(command).toContain("-m 0600");
    expect(command.split("\n")).toContain("PHOENIX_ENROLMENT_TOKEN=abc");
    expect(command.split("\n").at(-1)).toBe("sudo systemctl enable --now phoenix-agent");
  });

  it("is for a host that may be called so", () => {
    expect(hostIdProblem("web-1.example_x")).toBeNull();
    expect(hostIdProblem("web 1")).not.toBeNull();
    expect(hostIdProblem("a".repeat(254))).not.toBeNull();
    expect(hostIdProblem("")).not.toBeNull();
    expect(apiUrlProblem("https://phoenix.example.org")).toBeNull();
    expect(apiUrlProblem("phoenix")).not.toBeNull();
    expect(apiUrlProblem("ftp://phoenix")).not.toBeNull();
    expect(labelsProblem("role=web,env=")).toBeNull();
    expect(labelsProblem("role")).not.toBeNull();
  });
});
