import type { Page } from "@playwright/test";
import { axe, expect, shot, signIn, test, userWith } from "./fixtures";
import { type Stack, topK, until } from "./stack";

interface Listed {
  items: { id: string; name: string; state: string; latestVersion?: number }[];
}

interface Experiment {
  id: string;
  name: string;
  version: number;
  state: string;
  selector: string | null;
  hypothesis: string;
  criteria: { claim: string; minSeriesReductionPct: number };
  plan: { durationSeconds: number; windowSeconds: number };
}

/** A candidate that all tests of this file share, and the baseline that the stack's hosts run. */
async function pipelines(stack: Stack): Promise<{ everything: string; topK: string }> {
  const find = async (name: string) => (await stack.api<Listed>("GET", "pipelines")).items.find((p) => p.name === name)?.id;
  const known = (await find("top-customers")) ?? null;
  const made =
    known ??
    (await stack.api<{ id: string }>("POST", "pipelines", { name: "top-customers", description: "", configuration: topK, reason: "" })).id;
  return { everything: (await find("everything")) ?? "", topK: made };
}

async function draft(stack: Stack, name: string, over: Record<string, unknown> = {}): Promise<string> {
  const { everything, topK: candidate } = await pipelines(stack);
  const { id } = await stack.api<{ id: string }>("POST", "experiments", {
    name,
    baseline: { pipelineId: everything, version: 1 },
    candidate: { pipelineId: candidate, version: 1 },
    hosts: ["web-1.example"],
    plan: { warmUpSeconds: 4, durationSeconds: 20, windowSeconds: 2 },
    criteria: { minSeriesReductionPct: 10, claim: "observed" },
    protectedMetrics: [],
    ...over,
  });
  return id;
}

const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });

/** What stands at the focus: what a screen reader would say of it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    return (element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? "").trim();
  });

/** Tab until it is there: it has to be within reach of the keyboard. */
async function tabTo(page: Page, label: string | RegExp, times = 1): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < 80; i++) {
    const here = await focused(page);
    passed.push(here.slice(0, 40));
    if (passed.filter((name) => (typeof label === "string" ? name.startsWith(label) : label.test(name))).length === times) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to '${label}', but to ${passed.join(" | ")}`);
}

test("an experiment is designed, tried and started by the keyboard alone", async ({ page, stack }) => {
  await pipelines(stack);
  // What tests before it drafted on the same hosts would be told as an overlap.
  for (const { id } of (await stack.api<Listed>("GET", "experiments")).items)
    await stack.api("POST", `experiments/${id}/archive`, { reason: "the test is over" });
  await page.goto("/experiments");
  await tabTo(page, "New experiment");
  await page.keyboard.press("Enter");

  // Nothing is chosen: what is missing is said at its field, which gets the focus.
  await expect(heading(page, "Hosts")).toBeVisible();
  await tabTo(page, "Continue to pipelines");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Labels", { exact: true })).toBeFocused();
  await expect(page.getByLabel("Labels", { exact: true })).toHaveAttribute("aria-invalid", "true");

  await page.keyboard.type("team=checkout");
  await expect(page.getByRole("table", { name: "Hosts that are meant" }).getByText("web-1.example")).toBeVisible();
  await expect(page.getByRole("table", { name: "Hosts that are meant" }).getByText("everything v1")).toBeVisible();
  await shot(page, "experiment-wizard-hosts");
  await axe(page);
  await page.keyboard.press("Enter");

  await expect(heading(page, "Pipelines")).toBeFocused();
  await expect(page.getByText("The one host that is meant runs it in production.")).toBeVisible();
  // The heading, which has the focus, begins with the same letters.
  await tabTo(page, /^Pipeline$/, 2);
  await page.keyboard.type("top-cust");
  await expect(page.getByRole("option", { name: "top-customers" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await tabTo(page, "Preview");
  await page.keyboard.press("Enter");
  const touched = page.getByRole("table", { name: "Metrics that would be touched" });
  await expect(touched.getByText("shop.requests")).toBeVisible({ timeout: 60_000 });
  await shot(page, "experiment-wizard-pipelines");
  await axe(page);

  // What was chosen stands in the address until the control plane has it.
  await page.reload();
  await expect(touched.getByText("shop.requests")).toBeVisible();
  await tabTo(page, "Write the draft");
  await page.keyboard.press("Enter");

  await expect(heading(page, "Criteria and duration")).toBeFocused();
  const id = new URL(page.url()).searchParams.get("from") ?? "";
  expect(await stack.api<Experiment>("GET", `experiments/${id}`)).toMatchObject({ state: "draft", selector: "team=checkout" });

  await tabTo(page, "Name");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("By the keyboard");
  await tabTo(page, "These hosts from now on");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByLabel("What was observed")).toBeChecked();
  await tabTo(page, "Warm-up");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("4 s");
  await tabTo(page, "Measuring time");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("20 s");
  await tabTo(page, "Length of a window");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("2 s");
  await page.keyboard.press("Tab");
  await expect(page.getByText(/^10 windows\./)).toBeVisible();
  // Leaving a field saves it; a reload finds it.
  await expect
    .poll(async () => (await stack.api<Experiment>("GET", `experiments/${id}`)).plan)
    .toMatchObject({ warmUpSeconds: 4, durationSeconds: 20, windowSeconds: 2 });
  await expect(page.getByText("The draft “By the keyboard” is saved.", { exact: false })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Name", { exact: false }).first()).toHaveValue("By the keyboard");
  await expect(page.getByLabel("What was observed")).toBeChecked();

  await tabTo(page, "Expected reduction");
  await page.keyboard.type("60");
  await tabTo(page, "Varies from window");
  await page.keyboard.type("2");
  await tabTo(page, "Goes on");
  await page.keyboard.type("1");
  await expect(page.getByText("The right verdict in time")).toBeVisible();
  await shot(page, "experiment-wizard-criteria");
  await axe(page);
  await tabTo(page, "Continue to review");
  await page.keyboard.press("Enter");

  await expect(heading(page, "Review")).toBeFocused();
  await expect(page.getByText("No other experiment or deployment means these hosts.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("For 20 s both are measured in windows of 2 s.")).toBeVisible();
  await shot(page, "experiment-wizard-review");
  await axe(page);
  await tabTo(page, "Start the experiment");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Reason")).toBeFocused();
  await page.keyboard.type("to see whether it holds");
  await tabTo(page, "Start");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/experiments/${id}`));

  await until(
    "the experiment has its verdict",
    async () => (await stack.api<Experiment>("GET", `experiments/${id}`)).state === "completed",
    170,
  );
  await page.goto("/experiments?search=keyboard");
  const row = page.getByRole("row", { name: /By the keyboard/ });
  await expect(row.getByText("Completed")).toBeVisible();
  await expect(row.getByText("Promote")).toBeVisible();
  await expect(row.getByText(/^\d+\.\d %$/)).toBeVisible();
});

test("a candidate is made of a template, and what is wrong with a parameter is said at its field", async ({ page }) => {
  await page.goto("/experiments/new?selector=service%3Dshop&step=pipelines&template=topk&metric=shop.requests");
  await expect(page.getByText("shop.requests")).toBeVisible();
  const k = page.getByLabel("k", { exact: true });
  await k.fill("0");
  await expect(page.getByText("0 is out of range", { exact: false }).first()).toBeVisible();
  await k.fill("7");
  await expect(page).toHaveURL(/args=/);
  await page.getByRole("button", { name: "Collector configuration that it makes" }).click();
  await expect(page.getByRole("region", { name: "Collector configuration" }).getByText("k: 7")).toBeVisible();
  await page.getByLabel("Name of the pipeline").fill("shop-top-7");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Published, and chosen as the candidate.")).toBeVisible();

  // It receives by other means than the baseline: the control plane refuses that, and it is said at the candidate.
  await page.getByRole("button", { name: "Write the draft, and continue" }).click();
  await expect(page.getByText("must have the same receivers", { exact: false }).first()).toBeVisible();
  await expect(heading(page, "Pipelines")).toBeVisible();
});

test("hosts that another experiment has are told while they are chosen", async ({ page, stack }) => {
  await draft(stack, "The first of two", { hosts: ["web-2.example"] });
  await page.goto("/experiments/new?hosts=web-2.example,nobody.example");
  await expect(page.getByText("Others mean some of these hosts too")).toBeVisible();
  await expect(page.getByRole("link", { name: "The first of two" })).toBeVisible();
  await expect(page.getByText("Not enrolled: nobody.example")).toBeVisible();
});

test("a draft that somebody else has changed is not overwritten", async ({ page, stack }) => {
  const id = await draft(stack, "Contested");
  await page.goto(`/experiments/new?from=${id}&step=criteria`);
  const name = page.getByLabel("Name", { exact: false }).first();
  await expect(name).toHaveValue("Contested");
  const theirs = await stack.api<Record<string, unknown>>("GET", `experiments/${id}`);
  const { everything, topK: candidate } = await pipelines(stack);
  const change = (to: string) =>
    stack.api("PUT", `experiments/${id}`, {
      ...theirs,
      name: to,
      baseline: { pipelineId: everything, version: 1 },
      candidate: { pipelineId: candidate, version: 1 },
    });
  await change("Theirs");
  await name.fill("Mine");
  await page.getByRole("button", { name: "Continue to review" }).click();
  await expect(page.getByText("The draft was not saved")).toBeVisible();
  expect((await stack.api<Experiment>("GET", `experiments/${id}`)).name).toBe("Theirs");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(name).toHaveValue("Theirs");

  // Nor is it started while the review shows something else.
  await page.getByRole("button", { name: "Continue to review" }).click();
  await expect(page.getByRole("button", { name: "Start the experiment" })).toBeEnabled();
  await change("Theirs once more");
  await expect(page.getByText("Somebody else has changed the draft")).toBeVisible();
  await expect(page.getByRole("button", { name: "Start the experiment" })).toBeDisabled();
  await page.getByRole("button", { name: "Read again" }).click();
  await expect(page.getByRole("cell", { name: "Theirs once more" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start the experiment" })).toBeEnabled();
});

test("the list is searched, sorted and kept as a view; experiments are cloned and archived", async ({ page, stack }) => {
  const id = await draft(stack, "Fold the light customers");
  await draft(stack, "Another one");
  await page.goto("/experiments");
  const table = page.getByRole("table", { name: "Experiments" });
  await expect(table.getByRole("link", { name: "Another one" })).toBeVisible();
  await page.getByLabel("Name or pipeline").fill("light cust");
  await expect(table.getByRole("link", { name: "Another one" })).toBeHidden();
  await expect(table.getByRole("link", { name: "Fold the light customers" })).toBeVisible();
  // The box of a chip is not to be seen: people click its text.
  await page
    .getByRole("group", { name: "States" })
    .getByText(/^Draft/)
    .click();
  await expect(page).toHaveURL(/state=draft/);

  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Light ones");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("The view Light ones is saved.")).toBeVisible();
  await page.goto("/experiments");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Light ones", exact: true }).click();
  await expect(page).toHaveURL(/search=light/);
  await expect(page.getByLabel("Name or pipeline")).toHaveValue("light cust");
  await shot(page, "experiments-list");
  await axe(page);
  await page.getByRole("button", { name: "Light ones" }).click();
  await page.getByRole("menuitem", { name: "Delete the view Light ones" }).click();
  await expect(page.getByRole("menuitem", { name: "Light ones", exact: true })).toBeHidden();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Actions for Fold the light customers" }).click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await page.getByLabel("Reason").fill("looked at");
  await page.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(page.getByText("It is archived.")).toBeVisible();
  await expect(table.getByRole("link", { name: "Fold the light customers" })).toBeHidden();
  await page.goto("/experiments?archived=true");
  await expect(table.getByRole("link", { name: "Fold the light customers" })).toBeVisible();

  await page.getByRole("button", { name: "Actions for Fold the light customers" }).click();
  await page.getByRole("menuitem", { name: "Clone" }).click();
  await page.getByRole("button", { name: "Clone", exact: true }).click();
  await expect(heading(page, "Review")).toBeVisible();
  const clone = new URL(page.url()).searchParams.get("from") ?? "";
  expect(clone).not.toBe(id);
  expect(await stack.api<Experiment>("GET", `experiments/${clone}`)).toMatchObject({
    name: "Copy of Fold the light customers",
    clonedFrom: id,
  });
});

test("experiments are compared, and what differs is marked", async ({ page, stack }) => {
  const [one, two] = [
    await draft(stack, "Two seconds"),
    await draft(stack, "Four seconds", { plan: { warmUpSeconds: 4, durationSeconds: 20, windowSeconds: 4 } }),
  ];
  await page.goto("/experiments");
  await page.getByRole("checkbox", { name: "Pick Two seconds to compare" }).check();
  await page.getByRole("checkbox", { name: "Pick Four seconds to compare" }).check();
  await page.getByRole("link", { name: "Compare 2" }).click();
  await expect(page).toHaveURL(new RegExp(`(${one}.*${two})|(${two}.*${one})`));
  const table = page.getByRole("table", { name: "Experiments side by side" });
  await expect(table.getByRole("row", { name: /Window \(differs\)/ })).toContainText("4 s");
  await expect(table.getByRole("rowheader", { name: "Warm-up", exact: true })).toBeVisible();
  await shot(page, "experiments-compare");
  await axe(page);
  await page.getByLabel("Only what differs").check();
  await expect(table.getByRole("rowheader", { name: "Warm-up", exact: true })).toBeHidden();
  await expect(table.getByRole("rowheader", { name: /Window/ })).toBeVisible();
});

test("who only reads is offered no change", async ({ browser, stack }) => {
  await draft(stack, "Read by a viewer");
  const token = await userWith(stack, "viewer", "reader of experiments");
  const page = await browser.newPage({ baseURL: stack.baseUrl });
  await signIn(page, stack, token);
  await page.goto("/experiments");
  await expect(page.getByRole("link", { name: "Read by a viewer" })).toBeVisible();
  await expect(page.getByRole("link", { name: "New experiment" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Actions for/ })).toHaveCount(0);
  await page.goto("/experiments/new");
  await expect(page.getByText("Your role does not write experiments")).toBeVisible();
  await page.close();
});
