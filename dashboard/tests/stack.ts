import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
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
  #api: ChildProcess | null = null;
  readonly #agents = new Map<string, ChildProcess>();
  #sink: ReturnType<typeof createServer> | null = null;

  private constructor(
    readonly baseUrl: string,
    readonly directory: string,
    readonly database: string,
    readonly databaseUrl: string,
  ) {}

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
    this.#api = this.#spawn("api", ["dotnet", required("PHOENIX_API_DLL")], {
      PHOENIX_DATABASE_URL: this.databaseUrl,
      PHOENIX_URLS: this.baseUrl,
      PHOENIX_FIRST_USER_SECRET_FILE: join(this.directory, "secret"),
      PHOENIX_DASHBOARD_DIR: required("PHOENIX_DASHBOARD_DIR"),
      PHOENIX_USAGE_PERIOD_SECONDS: "60",
      PHOENIX_HEARTBEAT_SECONDS: "5",
    });
    await until("the control plane is ready", async () => (await fetch(`${this.baseUrl}/health/ready`)).ok);
  }

  /** Kills the control plane, as a crash would. */
  async killApi(): Promise<void> {
    await end(this.#api, "SIGKILL");
    this.#api = null;
  }

  async startAgent(host: string, environment: Record<string, string> = {}): Promise<void> {
    const { token } = await this.api<{ token: string }>("POST", "enrolment-tokens", { name: host, expiresInHours: 1 });
    const state = join(this.directory, host);
    await mkdir(state, { recursive: true, mode: 0o700 });
    this.#agents.set(
      host,
      this.#spawn(host, [required("PHOENIX_AGENT_BIN")], {
        PHOENIX_API_URL: this.baseUrl,
        AGENT_HOST_ID: host,
        PHOENIX_AGENT_STATE_DIR: state,
        PHOENIX_COLLECTOR: required("PHOENIX_COLLECTOR_BIN"),
        PHOENIX_ENROLMENT_TOKEN: token,
        PHOENIX_AGENT_LABELS: `env=test,service=shop,team=${host.startsWith("web-1") ? "checkout" : "search"}`,
        ...environment,
      }),
    );
    await until(`${host} is enrolled`, async () =>
      (await this.api<{ items: { hostId: string; lastSeenAt: string | null }[] }>("GET", "agents")).items.some(
        (a) => a.hostId === host && a.lastSeenAt !== null,
      ),
    );
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
    await Promise.all([...this.#agents.values()].map((agent) => end(agent, "SIGTERM")));
    await end(this.#api, "SIGTERM");
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
      rollout: { soakSeconds: 0 },
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

  #spawn(name: string, [program, ...args]: string[], environment: Record<string, string>): ChildProcess {
    if (program === undefined) throw new Error("There is no program to start.");
    const log = createWriteStream(join(this.directory, `${name}.log`), { flags: "a" });
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    return child;
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

async function end(child: ChildProcess | null | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const patience = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(patience);
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
