// How soon the pages show real data, and how soon they answer: node pages.js, with one JSON object on standard input:
// { url, token, chromium, rounds, hosts, bare }. The last line is a JSON object.
import { text } from "node:stream/consumers";
import puppeteer from "puppeteer-core";
import { session } from "./session.js";

const { url, token, chromium, rounds, hosts, bare } = JSON.parse(await text(process.stdin));
const PATIENCE = 60_000;

/** When each page shows what it is for: read in the page, after each change of it. */
const SHOWN = {
  bare: () => document.querySelector("p") !== null,
  // The figures of fleet and experiments, and experiments by name.
  overview: (hosts) => {
    const content = document.getElementById("content");
    const shows = content?.textContent.replaceAll(/[.,\s\u202f]/g, "") ?? "";
    return shows.includes(`of${hosts}`) && content.querySelectorAll('a[href^="/experiments/0"]').length > 0;
  },
  fleet: () => document.querySelectorAll('table[aria-label="Hosts"] tr[data-index] a').length > 0,
  experiments: () => document.querySelectorAll('table[aria-label="Experiments"] tr[data-index] a').length > 0,
};

/** Runs in the page before its own scripts. */
function watch(is, hosts) {
  const seen = { data: null, complete: null, fcp: null, lcp: null, interactions: new Map(), wheels: [] };
  window.__seen = seen;
  const painted = (then) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => then(performance.now());
      channel.port2.postMessage(null);
    });
  const look = () => {
    if (seen.data === null && is(hosts)) {
      seen.data = 0;
      painted((at) => {
        seen.data = at;
        performance.mark("data visible");
      });
    }
    // Nothing that stands for what is not there yet.
    const waits = document.querySelector('[role="status"][aria-label="Loading"], .mantine-Skeleton-root') !== null;
    if (seen.data === null || waits) seen.complete = null;
    else if (seen.complete === null) {
      seen.complete = 0;
      painted((at) => {
        if (seen.complete === 0) seen.complete = at;
      });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") seen.fcp = entry.startTime;
  }).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.lcp = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  // As INP has it: of the events of one interaction, the longest; from the input to the next paint.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.interactionId > 0) seen.interactions.set(entry.interactionId, Math.max(entry.duration, seen.interactions.get(entry.interactionId) ?? 0));
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
  // The browser tells nothing of scrolling there.
  addEventListener("wheel", (event) => painted((at) => seen.wheels.push(at - event.timeStamp)), { capture: true, passive: true });
}

/** A context of its own has an empty cache: everything is loaded, parsed and compiled. */
async function open(browser, cookie) {
  const context = await browser.createBrowserContext();
  await context.setCookie(cookie);
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  page.on("pageerror", (error) => console.error(`${page.url()}: ${error.message}`));
  return { context, page };
}

async function load(page, path, name) {
  // As text: the pages' policy lets no script evaluate one.
  const watching = await page.evaluateOnNewDocument(`(${watch})(${SHOWN[name]}, ${JSON.stringify(hosts)})`);
  await page.goto(url + path, { waitUntil: "load", timeout: PATIENCE });
  await page.waitForFunction(() => window.__seen.data > 0, { timeout: PATIENCE, polling: 100 });
  // Paints are told a while after they happened, and what comes after the first data may still be larger.
  await page.waitForFunction(() => window.__seen.fcp !== null && (window.__seen.complete > 0 || performance.now() > 10_000), { timeout: PATIENCE, polling: 100 });
  const { data, complete, fcp, lcp } = await page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return window.__seen;
  });
  await page.removeScriptToEvaluateOnNewDocument(watching.identifier);
  return { data, complete: complete || null, fcp, lcp };
}

/** What people do, each with a sign that it was done; the longest interaction of each, in ms. */
async function interact(page) {
  const result = {};
  const step = async (name, act, done) => {
    await page.evaluate(() => {
      window.__seen.interactions.clear();
      window.__seen.wheels.length = 0;
    });
    await act();
    await page.waitForFunction(done, { timeout: PATIENCE, polling: 100 });
    const { interactions, wheels } = await page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { interactions: [...window.__seen.interactions.values()], wheels: window.__seen.wheels };
    });
    // What is shorter than 16 ms is not told.
    result[name] = Math.max(...(wheels.length > 0 ? wheels : [16]), ...interactions);
  };
  const click = (selector) => async () => (await page.waitForSelector(selector, { timeout: PATIENCE })).click();
  const tab = (label) => click(`::-p-xpath(//button[@role="tab"][starts-with(., "${label}")])`);

  await step("filter hosts", async () => {
    await (await page.waitForSelector('::-p-aria([name="Labels"][role="textbox"])', { timeout: PATIENCE })).click();
    await page.keyboard.type("role=web,env=staging", { delay: 40 });
  }, () => location.search.includes("selector") && document.querySelector('table[aria-label="Hosts"] tr[data-index]') !== null);
  await step("show all hosts", click('::-p-xpath(//button[contains(., "Show all")])'),
    () => !location.search.includes("selector") && document.querySelector('table[aria-label="Hosts"] tr[data-index]') !== null);
  await step("scroll hosts", async () => {
    const box = await (await page.waitForSelector('table[aria-label="Hosts"]')).boundingBox();
    await page.mouse.move(box.x + 300, Math.min(780, box.y + 150));
    for (let i = 0; i < 30; i++) {
      await page.mouse.wheel({ deltaY: 500 });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }, () => Number(document.querySelector('table[aria-label="Hosts"] tr[data-index]')?.dataset.index) > 50);
  await step("open groups", tab("Groups"), () => document.querySelector('[role="tab"][aria-selected="true"]')?.textContent.startsWith("Groups"));
  await step("back to hosts", tab("Hosts"), () => document.querySelector('table[aria-label="Hosts"] tr[data-index]') !== null);
  await step("go to experiments", click('nav a[href="/experiments"]'), () => document.querySelectorAll('table[aria-label="Experiments"] tr[data-index] a').length > 0);
  await step("sort experiments", click('::-p-xpath(//th//button[contains(., "Name")])'),
    () => document.querySelector('th[aria-sort="ascending"]')?.textContent.includes("Name") && document.querySelector('table[aria-label="Experiments"] tr[data-index]') !== null);
  await step("scroll experiments", async () => {
    const box = await (await page.waitForSelector('table[aria-label="Experiments"]')).boundingBox();
    await page.mouse.move(box.x + 300, Math.min(780, box.y + 150));
    for (let i = 0; i < 20; i++) {
      await page.mouse.wheel({ deltaY: 400 });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }, () => Number(document.querySelector('table[aria-label="Experiments"] tr[data-index]')?.dataset.index) > 10);
  await step("open the command palette", async () => {
    await page.keyboard.down("Control");
    await page.keyboard.press("k");
    await page.keyboard.up("Control");
  }, () => document.querySelector('[role="dialog"] input') !== null);
  await step("search", () => page.keyboard.type("fleet", { delay: 60 }), () => document.querySelector('[role="dialog"] input')?.value === "fleet");
  return result;
}

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
try {
  const cookie = await session(url, token);
  const pages = [["bare", bare], ["overview", "/"], ["fleet", "/fleet"], ["experiments", "/experiments"]];
  const loads = Object.fromEntries(pages.map(([name]) => [name, []]));
  const again = Object.fromEntries(pages.map(([name]) => [name, []]));
  const interactions = {};
  // The first round warms up browser and control plane.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, path] of pages) {
      const { context, page } = await open(browser, cookie);
      const first = await load(page, path, name);
      const second = await load(page, path, name);
      if (round > 0) {
        loads[name].push(first);
        again[name].push(second);
      }
      if (name === "fleet" && round > 0)
        for (const [what, ms] of Object.entries(await interact(page))) (interactions[what] ??= []).push(ms);
      await context.close();
    }
  }
  console.log(JSON.stringify({ loads, again, interactions }));
} finally {
  await browser.close();
}
