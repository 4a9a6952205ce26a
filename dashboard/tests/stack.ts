import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { Shop } from "./shop";

/** Everything that a browser test needs as processes of their own: control plane with dashboard, agents with collectors, an application, a backend. */
export class Stack {
  readonly hosts = ["web-1.example", "web-2.example"];
  readonly shops: Shop[] = [];
  token = "";
  #sink: ReturnType<typeof createServer> | null = null;

  private constructor(
    readonly baseUrl: string,
    readonly directory: string,
    readonly database: string,
    readonly databaseUrl: string,
  ) {}

  /** The stack that was started before the tests, as a worker sees it: one that ends with a failed test does not end the stack. */
  static attached(): Stack {
    const { baseUrl, directory, database, databaseUrl, token } = JSON.parse(required(STACK)) as Record<
      "baseUrl" | "directory" | "database" | "databaseUrl" | "token",
      string
    >;
    const stack = new Stack(baseUrl, directory, database, databaseUrl);
    stack.token = token;
    return stack;
  }

  /** Lets workers find it. */
  announce(): void {
    const { baseUrl, directory, database, databaseUrl, token } = this;
    process.env[STACK] = JSON.stringify({ baseUrl, directory, database, databaseUrl, token });
  }

  static async start(): Promise<Stack> {
    const name = `phoenix_browser_${randomBytes(6).toString("hex")}`;
    const server = required("PHOENIX_TEST_DATABASE_URL");
    await execute(server, `create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const stack = new Stack(`http://localhost:${await freePort()}`, await mkdtemp(join(tmpdir(), "phx-")), name, url.href);
    try {
      await stack.startApi();
      const secret = (await readFile(join(stack.directory, "secret"), "utf8")).trim();
      stack.token = (await stack.api<{ token: string }>("POST", "auth/tokens", { secret })).token;
      await stack.#startHosts();
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  async startApi(): Promise<void> {
    const api = this.#spawn("api", ["dotnet", required("PHOENIX_API_DLL")], {
      PHOENIX_DATABASE_URL: this.databaseUrl,
      PHOENIX_URLS: this.baseUrl,
      PHOENIX_FIRST_USER_SECRET_FILE: join(this.directory, "secret"),
      PHOENIX_DASHBOARD_DIR: required("PHOENIX_DASHBOARD_DIR"),
      PHOENIX_USAGE_PERIOD_SECONDS: "60",
      PHOENIX_HEARTBEAT_SECONDS: "5",
    });
    await writeFile(join(this.directory, API_PID), String(api.pid));
    await until("the control plane is ready", async () => (await fetch(`${this.baseUrl}/health/ready`)).ok);
  }

  /** Kills the control plane, as a crash would. */
  killApi(): Promise<void> {
    return this.#end(API_PID, "SIGKILL");
  }

  async startAgent(host: string, environment: Record<string, string> = {}): Promise<void> {
    const { token } = await this.api<{ token: string }>("POST", "enrolment-tokens", { name: host, expiresInHours: 1 });
    const state = join(this.directory, host);
    await mkdir(state, { recursive: true, mode: 0o700 });
    const agent = this.#spawn(host, [required("PHOENIX_AGENT_BIN")], {
      PHOENIX_API_URL: this.baseUrl,
      AGENT_HOST_ID: host,
      PHOENIX_AGENT_STATE_DIR: state,
      PHOENIX_COLLECTOR: required("PHOENIX_COLLECTOR_BIN"),
      PHOENIX_ENROLMENT_TOKEN: token,
      PHOENIX_AGENT_LABELS: `env=test,service=shop,team=${host.startsWith("web-1") ? "checkout" : "search"}`,
      ...environment,
    });
    await writeFile(join(this.directory, `${host}.pid`), String(agent.pid));
    await until(`${host} is enrolled`, async () =>
      (await this.api<{ items: { hostId: string; lastSeenAt: string | null }[] }>("GET", "agents")).items.some(
        (a) => a.hostId === host && a.lastSeenAt !== null,
      ),
    );
  }

  /** Leads back what a test left, such as one that failed: every host runs what it ran at the beginning, and nothing is under way. */
  async settle(): Promise<void> {
    const active = "starting,warmingUp,running,completing,promoting,promoted,rollingBack,stopping";
    const { items } = await this.api<{ items: { id: string; state: string }[] }>("GET", `experiments?state=${active}`);
    for (const { id, state } of items) {
      if (["starting", "warmingUp", "running"].includes(state))
        await this.api("POST", `experiments/${id}/stop`, { reason: "the test is over" });
      if (["promoting", "promoted"].includes(state)) await this.api("POST", `experiments/${id}/rollback`, { reason: "the test is over" });
    }
    const over = async () => (await this.api<{ items: unknown[] }>("GET", `experiments?state=${active}`)).items.length === 0;
    await until("no experiment is under way", over);
    await this.#endDeployments();
    const first = (await this.api<{ items: { id: string; name: string }[] }>("GET", "pipelines")).items.find(
      (p) => p.name === "everything",
    );
    const astray = async () =>
      (
        await this.api<{ items: { hostId: string; production: { pipelineId: string; pipelineVersion: number } | null }[] }>("GET", "agents")
      ).items
        .filter((a) => this.hosts.includes(a.hostId) && (a.production?.pipelineId !== first?.id || a.production?.pipelineVersion !== 1))
        .map((a) => a.hostId);
    const hosts = await astray();
    if (hosts.length === 0) return;
    const { approvalRequired, ticketRequired } = await this.api<{ approvalRequired: boolean; ticketRequired: boolean }>(
      "GET",
      "change-policy",
    );
    if (approvalRequired || ticketRequired)
      await this.api("PUT", "change-policy", {
        approvalRequired: false,
        ticketRequired: false,
        mendDrift: false,
        freezes: [],
        reason: "the test is over",
      });
    await this.api("POST", "deployments", {
      pipeline: { pipelineId: first?.id, version: 1 },
      hosts,
      reason: "the test is over",
      rollout: UNWATCHED,
    });
    await until("every host runs what it ran at the beginning", async () => (await astray()).length === 0);
    await this.#endDeployments();
  }

  /** A host is busy until its deployment is judged. */
  async #endDeployments(): Promise<void> {
    const all = async () => (await this.api<{ items: { id: string; state: string }[] }>("GET", "deployments")).items;
    for (const { id, state } of await all()) {
      if (state === "awaitingApproval") await this.api("POST", `deployments/${id}/reject`, { reason: "the test is over" });
      if (state === "held") await this.api("POST", `deployments/${id}/abort`, { reason: "the test is over" });
    }
    const ended = ["completed", "rolledBack", "aborted", "rejected"];
    await until("every deployment has ended", async () => (await all()).every((d) => ended.includes(d.state)), 170);
  }

  /** A request to the API as its first admin; what is refused is thrown with the control plane's words. */
  async api<T = unknown>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${this.baseUrl}/api/v2/${path}`, {
      method,
      headers: {
        ...(this.token === "" ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async stop(): Promise<void> {
    for (const shop of this.shops) shop.stop();
    // Agents first: they take their collectors down in order.
    const pids = (await readdir(this.directory)).filter((f) => f.endsWith(".pid") && f !== API_PID);
    await Promise.all(pids.map((f) => this.#end(f, "SIGTERM")));
    await this.#end(API_PID, "SIGTERM");
    this.#sink?.close();
    this.#sink?.closeAllConnections();
    await execute(required("PHOENIX_TEST_DATABASE_URL"), `drop database if exists ${this.database} with (force)`);
    if (process.env.PHOENIX_BROWSER_KEEP === undefined) await rm(this.directory, { recursive: true, force: true });
  }

  /** Two hosts whose production pipeline sends all that a simulated shop of theirs measures. */
  async #startHosts(): Promise<void> {
    this.#sink = createServer((request, response) => {
      request.resume();
      request.on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
    });
    await new Promise<void>((resolve) => this.#sink?.listen(0, "127.0.0.1", resolve));
    const sink = `http://127.0.0.1:${(this.#sink.address() as AddressInfo).port}`;
    const pipeline = await this.api<{ id: string; version: number }>("POST", "pipelines", {
      name: "everything",
      description: "All that comes in is exported.",
      configuration: everything,
      reason: "what runs today",
    });
    for (const host of this.hosts) {
      const port = await freePort();
      await this.startAgent(host, { SHOP_OTLP: `127.0.0.1:${port}`, SHOP_SINK: sink });
      const shop = new Shop(`http://127.0.0.1:${port}/v1/metrics`, host);
      this.shops.push(shop);
      // From the beginning: a collector is healthy only while data flows, and the first deployment waits for that.
      shop.start();
    }
    await this.api("POST", "deployments", {
      pipeline: { pipelineId: pipeline.id, version: pipeline.version },
      hosts: this.hosts,
      reason: "the first pipeline",
      rollout: UNWATCHED,
    });
    await until(
      "production runs on every host",
      async () =>
        (await this.api<{ items: { production: { pipeline?: unknown } | null }[] }>("GET", "agents")).items.filter(
          (a) => a.production !== null,
        ).length === this.hosts.length,
      170,
    );
  }

  /** By its process id: the worker that ends a process may be another than the one that started it. */
  async #end(file: string, signal: NodeJS.Signals): Promise<void> {
    const pid = Number(await readFile(join(this.directory, file), "utf8").catch(() => "0"));
    if (pid === 0 || !alive(pid)) return;
    process.kill(pid, signal);
    await until(`${file} has ended`, async () => !alive(pid), 30);
  }

  #spawn(name: string, [program, ...args]: string[], environment: Record<string, string>): ChildProcess {
    if (program === undefined) throw new Error("There is no program to start.");
    const log = openSync(join(this.directory, `${name}.log`), "a");
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["ignore", log, log] });
    child.unref();
    return child;
  }
}

/** All at once, and done when the hosts say so: what they report afterwards, which takes a minute or two, is not waited for. */
export const UNWATCHED = { waves: ["100%"], soakSeconds: 0, gate: { off: true } };

const STACK = "PHOENIX_BROWSER_STACK";
const API_PID = "api.pid";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is no such process.
    return false;
  }
}

/** What the hosts of a stack run before any experiment. */
export const everything = `receivers:
  otlp:
    protocols:
      http:
        endpoint: \${env:SHOP_OTLP}
processors:
exporters:
  otlphttp:
    endpoint: \${env:SHOP_SINK}
    compression: gzip
service:
  telemetry:
    phoenix:
      sample:
        max_bytes: 8388608
  pipelines:
    metrics:
      receivers: [otlp]
      processors: []
      exporters: [otlphttp]
`;

/** Folds the light customers, the rest as it is. */
export const topK = everything
  .replace(
    "processors:\n",
    `processors:
  phoenix_topk/customers:
    metrics: [shop.requests]
    labels: [customer]
    k: 5
    window: 30s
`,
  )
  .replace("processors: []", "processors: [phoenix_topk/customers]");

/** Waits for a condition; what it throws meanwhile is told if it never holds. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 90): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      if (await holds()) return;
      last = null;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Not within ${seconds} s: ${what}${last === null ? "" : ` (${String(last)})`}`);
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((resolve) => socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

function required(variable: string): string {
  const value = process.env[variable];
  if (!value)
    throw new Error(`${variable} is not set. Run ./test browser, which builds what the tests need and starts a database for them.`);
  return value;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
