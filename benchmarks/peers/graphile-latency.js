// From adding a job to its start with graphile-worker: node graphile-latency.js URL SINGLE RATE SECONDS
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [url, single, rate, seconds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const logger = new Logger(() => (level, message) => { if (level === "error") console.error(message); });
const pool = new pg.Pool({ connectionString: url, max: 30 });
pool.on("error", (e) => console.error(e.message));
pool.on("connect", (client) => client.on("error", (e) => console.error(e.message)));
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
await pool.query("truncate graphile_worker._private_jobs");

const waiting = new Map();
const runner = await run({
  pgPool: pool, logger, noHandleSignals: true, crontab: "", concurrency: 24, pollInterval: 1000,
  taskList: { ping: async ({ n }) => { waiting.get(n)(performance.now()); waiting.delete(n); } },
});
let next = 0;
async function once() {
  const n = next++;
  const started = new Promise((resolve) => waiting.set(n, resolve));
  const began = performance.now();
  await utils.addJob("ping", { n });
  return (await started) - began;
}
const at = (values, share) => values.sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];

for (let i = 0; i < 100; i++) await once();
const idle = [];
for (let i = 0; i < single; i++) idle.push(await once());
const running = [], began = performance.now();
for (let due = 0; due < seconds * 1000; due += (-Math.log(1 - Math.random()) / rate) * 1000) {
  const wait = due - (performance.now() - began);
  if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
  running.push(once());
}
const loaded = await Promise.all(running);
await runner.stop();
await utils.release();
await pool.end();
console.log(JSON.stringify({ idleP50Ms: at(idle, 0.5), idleP99Ms: at(idle, 0.99), loadedP50Ms: at(loaded, 0.5), loadedP99Ms: at(loaded, 0.99) }));
process.exit(0);
