// pg-boss over the same number of jobs, 500 at a time: node pgboss.js URL JOBS
import pg from "pg";
import PgBoss from "pg-boss";

const [url, jobsText] = process.argv.slice(2);
const jobs = Number(jobsText), size = 500, queue = "nothing";
// Every run begins anew: completed jobs stay in the table until they are archived.
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query("drop schema if exists pgboss cascade");
await client.end();
const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 10 });
boss.on("error", (e) => console.error(e.message));
await boss.start();
await boss.createQueue(queue);

const began = process.hrtime.bigint();
for (let done = 0; done < jobs; done += size)
  await boss.insert(Array.from({ length: size }, (_, i) => ({ name: queue, data: { host: `host-${done + i}` } })));
const added = process.hrtime.bigint();
let done = 0;
await Promise.all(Array.from({ length: 4 }, async () => {
  while (true) {
    const batch = await boss.fetch(queue, { batchSize: size });
    if (!batch?.length) return;
    await boss.complete(queue, batch.map((job) => job.id));
    done += batch.length;
  }
}));
const ended = process.hrtime.bigint();
await boss.stop({ graceful: false, wait: true });
if (done !== jobs) throw new Error(`${done} of ${jobs} jobs were completed`);
const cpu = process.cpuUsage();
console.log(JSON.stringify({ addSeconds: Number(added - began) / 1e9, runSeconds: Number(ended - added) / 1e9, cpuSeconds: (cpu.user + cpu.system) / 1e6 }));
process.exit(0);
