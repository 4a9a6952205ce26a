// graphile-worker over the same number of jobs: node graphile.js URL JOBS batched|unbatched
// One JSON line: seconds of adding and of running, and the program's own CPU seconds.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [url, jobsText, mode] = process.argv.slice(2);
const jobs = Number(jobsText), perAdd = 500;
const logger = new Logger(() => (level, message) => { if (level === "error") console.error(message); });

const pool = new pg.Pool({ connectionString: url, max: 30 });
pool.on("error", (e) => console.error(e.message));
pool.on("connect", (client) => client.on("error", (e) => console.error(e.message)));
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
await pool.query("truncate graphile_worker._private_jobs");

const began = process.hrtime.bigint();
for (let done = 0; done < jobs; done += perAdd) {
  const batch = Array.from({ length: perAdd }, (_, i) => ({ identifier: "nothing", payload: { host: `host-${done + i}` } }));
  await utils.addJobs(batch);
}
const added = process.hrtime.bigint();

let done = 0, finish;
const finished = new Promise((resolve) => { finish = resolve; });
const runner = await run({
  pgPool: pool, logger, noHandleSignals: true, crontab: "",
  taskList: { nothing: async () => { if (++done === jobs) finish(); } },
  ...(mode === "batched"
    ? { preset: { worker: { concurrentJobs: 24, maxPoolSize: 30, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } }
    : { concurrency: 24 }),
});
await finished;
// A job counts when its completion is written, which comes after its task has run.
const count = async () => (await pool.query("select count(*)::int as n from graphile_worker._private_jobs")).rows[0].n;
let left = await count();
for (let attempt = 0; left > 0 && attempt < 2000; attempt++) {
  await new Promise((resolve) => setTimeout(resolve, 2));
  left = await count();
}
const ended = process.hrtime.bigint();
await runner.stop();
await utils.release();
await pool.end();
if (left !== 0) throw new Error(`${left} jobs were not completed`);
const cpu = process.cpuUsage();
console.log(JSON.stringify({ addSeconds: Number(added - began) / 1e9, runSeconds: Number(ended - added) / 1e9, cpuSeconds: (cpu.user + cpu.system) / 1e6 }));
process.exit(0);
