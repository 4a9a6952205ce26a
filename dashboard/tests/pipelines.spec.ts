import type { Page } from "@playwright/test";
import { axe, expect, shot, signIn, test, userWith } from "./fixtures";
import { everything, type Stack, topK } from "./stack";

const publish = async (stack: Stack, name: string, configuration: string) =>
  stack.api<{ id: string; version: number }>("POST", "pipelines", { name, configuration, reason: "for the test" });

/** The text of the editor as the server would get it. CodeMirror shows lines in sight alone, so it is asked by what is published. */
const editor = (page: Page) => page.getByRole("textbox", { name: "Configuration as YAML" });

test("pipelines are listed with where they run, and a template is filled in and saved", async ({ page }) => {
  await page.goto("/pipelines");
  const row = page.getByRole("row", { name: /^everything/ });
  await expect(row).toContainText("2 hosts on v1");
  await shot(page, "pipelines");
  await axe(page);

  await page.getByRole("tab", { name: "Catalogue" }).click();
  await expect(page.getByRole("table", { name: "What Top K made of recorded input" })).toContainText("%");
  await shot(page, "catalogue");
  await axe(page);
  await page.getByRole("link", { name: "Top K", exact: true }).click();
  const k = page.getByRole("textbox", { name: "k", exact: true });
  await k.fill("0");
  await expect(page.getByText("0 is out of range; choose 1 to 1000000 groups", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Save as pipeline" })).toBeDisabled();
  await k.fill("7");
  await expect(page).toHaveURL(/parameters=.*7/);
  await expect(page.getByRole("textbox", { name: "Rendered configuration" })).toContainText("k: 7");
  await shot(page, "template");
  await axe(page);
  await page.getByRole("button", { name: "Save as pipeline" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("from the catalogue");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "from the catalogue" })).toBeVisible();
  await expect(page.getByText("rendered from")).toBeVisible();
});

test("the picture and the text say the same, and what is wrong is shown at both", async ({ page, stack }) => {
  const { id } = await publish(stack, "edited", topK);
  await page.goto(`/pipelines/${id}?tab=edit`);
  const way = page.getByRole("region", { name: "The way of the data" });
  await expect(way.getByRole("button", { name: "Processor phoenix_topk/customers" })).toBeVisible();
  await expect(page.getByText("A collector would start with this text.")).toBeVisible();

  await page.getByRole("button", { name: "Processor", exact: true }).click();
  await page.getByRole("menuitem", { name: /^batch/ }).click();
  await expect(way.getByRole("button", { name: "Processor batch" })).toBeVisible();
  await expect(editor(page)).toContainText("processors: [phoenix_topk/customers, batch]");

  await way.getByRole("button", { name: "Processor phoenix_topk/customers" }).click();
  await expect(page).toHaveURL(/node=/);
  const panel = page.getByRole("region", { name: "Processor phoenix_topk/customers" });
  await panel.getByRole("textbox", { name: "k", exact: true }).fill("0");
  await panel.getByRole("textbox", { name: "k", exact: true }).blur();
  await expect(editor(page)).toContainText("k: 0");
  await expect(page.getByText("One error: no collector would start with it")).toBeVisible();
  await expect(way.getByRole("button", { name: "Processor phoenix_topk/customers, 1 error" })).toBeVisible();
  await expect(page.locator(".cm-lint-marker-error")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Publish version 2" })).toBeDisabled();
  await shot(page, "editor");
  await axe(page);

  await panel.getByRole("textbox", { name: "k", exact: true }).fill("3");
  await panel.getByRole("textbox", { name: "k", exact: true }).blur();
  await panel.getByRole("button", { name: "Move later" }).click();
  await expect(page.getByText(/`batch` is not the last processor/)).toBeVisible();
  await panel.getByRole("button", { name: "Move earlier" }).click();
  await expect(page.getByText("A collector would start with this text.")).toBeVisible();
  await page.getByRole("button", { name: "Publish version 2" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("fewer customers");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText("Version 2 of edited is published.")).toBeVisible();

  const { configuration } = await stack.api<{ configuration: string }>("GET", `pipelines/${id}/versions/2`);
  expect(configuration).toBe(
    topK
      .replace("k: 5", "k: 3")
      .replace("    window: 30s\n", "    window: 30s\n  batch:\n")
      .replace("[phoenix_topk/customers]", "[phoenix_topk/customers, batch]"),
  );
  await page.goto(`/pipelines/${id}?tab=versions`);
  await expect(page.locator(".cm-mergeView")).toContainText("k: 3");
  await shot(page, "versions");
  await axe(page);
});

test("what is written by hand is in the picture, and is not lost without a question", async ({ page, stack }) => {
  const { id } = await publish(stack, "written", everything);
  await page.goto(`/pipelines/${id}?tab=edit`);
  await editor(page).click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText("extra: 1\n");
  await expect(page.getByText(/extra is unknown/)).toBeVisible();
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Stay" }).click();
  await expect(editor(page)).toContainText("extra: 1");
  // Somebody else publishes: the page says so, and keeps what was written.
  await stack.api("POST", `pipelines/${id}/versions`, { configuration: topK, reason: "meanwhile" });
  await expect(page.getByText("Version 2 was published meanwhile")).toBeVisible();
  await expect(editor(page)).toContainText("extra: 1");
  await axe(page);
  await page.getByRole("button", { name: "Start over", exact: true }).click();
  await expect(page.getByText("A collector would start with this text.")).toBeVisible();
  await page.getByRole("button", { name: "Start over with version 2" }).click();
  await expect(editor(page)).toContainText("phoenix_topk/customers");
  await page.getByRole("tab", { name: "Hosts" }).click();
  await expect(page.getByText("It runs on no host")).toBeVisible();
});

test("a text is previewed on a host's own input", async ({ page, stack }) => {
  await page.goto("/pipelines/new");
  await expect(page.getByRole("heading", { level: 1, name: "New pipeline" })).toBeVisible();
  const { id } = await publish(stack, "previewed", topK);
  await page.goto(`/pipelines/${id}?tab=edit&price=signoz-cloud-samples`);
  const panel = page.getByRole("region", { name: "Live preview" });
  await panel.getByRole("combobox", { name: "Hosts" }).fill(stack.hosts[0] as string);
  await page.keyboard.press("Enter");
  await panel.getByRole("combobox", { name: "Protected metrics" }).fill("up");
  await page.keyboard.press("Enter");
  const result = page.getByRole("article", { name: `Preview on ${stack.hosts[0]}` });
  // A collector that has just begun to keep its input has no whole minute of it.
  await expect(async () => {
    await panel.getByRole("button", { name: "Preview on one host" }).click();
    await expect(result.getByText("Done")).toBeVisible({ timeout: 60_000 });
    await expect(result.getByText("Fewer live series")).toBeVisible();
    await expect(result.getByText("less a month", { exact: false })).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 150_000 });
  await expect(result).toContainText(/\$[0-9.,]+ if all were sent → \$[0-9.,]+ \([0-9.]+ % less\)/);
  await panel.getByRole("combobox", { name: "Price" }).fill("CloudWatch");
  await page.getByRole("option", { name: "Amazon CloudWatch, custom metrics" }).click();
  await expect(page).toHaveURL(/price=cloudwatch-custom-metrics/);
  await expect(result).toContainText("by Amazon CloudWatch, custom metrics");
  await expect(result.getByRole("table", { name: "Metrics that would be touched" })).toContainText("shop.requests");
  await page.reload();
  await expect(result.getByText("less a month", { exact: false })).toBeVisible();
  await shot(page, "preview");
  await axe(page);
});

test("a viewer reads pipelines and changes nothing", async ({ page, stack }) => {
  await signIn(page, stack, await userWith(stack, "viewer", "pipeline reader"));
  await page.goto("/pipelines");
  await page.getByRole("link", { name: "everything" }).click();
  await expect(page.getByRole("tab", { name: "Versions" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Edit" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: /^Deploy v/ })).toHaveCount(0);
});
