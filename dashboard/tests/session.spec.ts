import { axe, expect, shot, signIn, test, userWith } from "./fixtures";

test("who is not signed in is led to the sign-in and back to the page", async ({ browser, stack }) => {
  const context = await browser.newContext({ baseURL: stack.baseUrl });
  const page = await context.newPage();
  await page.goto("/fleet?state=lost");
  await expect(page).toHaveURL(/\/sign-in\?redirect=/);
  await expect(page.getByRole("heading", { name: "Sign in to Phoenix" })).toBeVisible();
  await axe(page);
  await shot(page, "sign-in");

  await page.getByLabel("Secret or token").fill("nothing that was ever issued");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("wrong, was used already or has expired");

  await page.getByLabel("Secret or token").fill(stack.token);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/fleet\?state=lost/);
  // No script can read the session.
  expect(await page.evaluate(() => document.cookie)).toBe("");
  await context.close();
});

test("a link with a one-time secret signs in once", async ({ browser, stack }) => {
  const { secret } = await stack.api<{ secret: string }>("POST", "users", { name: "once", role: "viewer" });
  const context = await browser.newContext({ baseURL: stack.baseUrl });
  const page = await context.newPage();
  await page.goto(`/sign-in#${secret}`);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(page.url()).not.toContain(secret);

  await page.getByRole("button", { name: "Account of once" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto(`/sign-in#${secret}`);
  await expect(page.getByRole("alert")).toBeVisible();
  await context.close();
});

test("a session that ends elsewhere leads to the sign-in", async ({ browser, stack }) => {
  const token = await userWith(stack, "viewer", "ended");
  const context = await browser.newContext({ baseURL: stack.baseUrl });
  const page = await context.newPage();
  await signIn(page, stack, token);
  await page.goto("/audit");
  await expect(page.getByRole("heading", { name: "Audit" })).toBeVisible();
  const user = (await stack.api<{ id: string; name: string }[]>("GET", "users")).find((u) => u.name === "ended");
  await stack.api("POST", `users/${user?.id}/disable`, { reason: "the test ends the session" });
  // The live connection is cut, whether or not the page reads anything else.
  await expect(page).toHaveURL(/\/sign-in/);
  await context.close();
});

test("a viewer is offered nothing that changes something, and is refused by the control plane", async ({ browser, stack }) => {
  const context = await browser.newContext({ baseURL: stack.baseUrl });
  const page = await context.newPage();
  await signIn(page, stack, await userWith(stack, "viewer", "looker"));
  await page.goto("/settings");
  await expect(page.getByRole("table", { name: "Users" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Add a user" })).toHaveCount(0);
  await page.goto("/experiments");
  await expect(page.getByRole("heading", { name: "Experiments", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "New experiment" })).toHaveCount(0);
  const refused = await page.request.post("/api/v2/users", { data: { name: "x", role: "admin" }, headers: { origin: stack.baseUrl } });
  expect(refused.status()).toBe(403);
  await context.close();
});

test("a session's cookie does nothing for pages of others", async ({ page, stack }) => {
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    {},
  ];
  for (const headers of foreign) {
    const refused = await page.request.post(`${stack.baseUrl}/api/v2/auth/tokens`, { data: {}, headers });
    expect(refused.status(), JSON.stringify(headers)).toBe(401);
  }
  const own = await page.request.post(`${stack.baseUrl}/api/v2/auth/tokens`, { data: {}, headers: { origin: stack.baseUrl } });
  expect(own.status()).toBe(201);
});
