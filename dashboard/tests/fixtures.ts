import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { Stack } from "./stack";

interface Fixtures {
  /** The shared stack as it was at the beginning; taking back what a test before left has a time of its own. */
  settled: undefined;
  /** Signed in as an admin. */
  page: Page;
}

export const test = base.extend<Fixtures, { stack: Stack }>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: the library reads the names of the fixtures from the pattern.
    async ({}, use) => use(Stack.attached()),
    { scope: "worker" },
  ],
  baseURL: async ({ stack }, use) => use(stack.baseUrl),
  settled: [
    async ({ stack }, use) => {
      await stack.settle();
      await use(undefined);
    },
    { timeout: 240_000 },
  ],
  page: async ({ page, stack, settled: _ }, use) => {
    await signIn(page, stack, stack.token);
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    await use(page);
    // A page that threw is broken, whatever the test looked at.
    expect(wrong).toEqual([]);
  },
});

export { expect };

/** Opens a session for the page's browser by a token. */
export async function signIn(page: Page, stack: Stack, token: string): Promise<void> {
  const response = await page.request.post(`${stack.baseUrl}/api/v2/auth/session`, {
    data: {},
    headers: { authorization: `Bearer ${token}`, origin: stack.baseUrl },
  });
  expect(response.status(), await response.text()).toBe(204);
}

/** A user with a role, and a token of theirs. */
export async function userWith(stack: Stack, role: "viewer" | "operator" | "admin", name: string): Promise<string> {
  const { secret } = await stack.api<{ secret: string }>("POST", "users", { name, role });
  const response = await fetch(`${stack.baseUrl}/api/v2/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ secret }),
  });
  return ((await response.json()) as { token: string }).token;
}

/** Keeps what the page looks like: light, dark, and as narrow as a phone. No page may be wider than its window. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env.PHOENIX_SCREENSHOTS ?? "test-results/screenshots";
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const [look, scheme, size] of [
    ["light", "light", { width: 1280, height: 800 }],
    ["dark", "dark", { width: 1280, height: 800 }],
    ["narrow", "light", { width: 390, height: 844 }],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(size);
    // The header stands where the page is scrolled to.
    await page.evaluate(() => window.scrollTo(0, 0));
    // A page that was just made narrow is still being laid out.
    await expect(async () => {
      const image = await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
      // PNG tells its width there. The document's own figures leave out what a part of it hides.
      expect(image.readUInt32BE(16), `${name} is wider than its window (${look})`).toBe(size.width);
    }).toPass({ timeout: 30_000 });
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (before !== null) await page.setViewportSize(before);
}

/** No serious violation of the accessibility guidelines, in light and dark. */
export async function axe(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(" ")} (${n.any.map((c) => c.message).join("; ")})`).join(", ")}`);
    expect(serious, colorScheme).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}
