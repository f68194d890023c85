// BullMQ as in its documentation: jobs of a flow, each the child of the next one, or a hundred children of one job. The
// worker and the caller are in this process.
//
//   node bullmq-jobs.mjs FOLDER_OF_THE_PACKAGES PORT PASSWORD
import { createRequire } from "node:module";
import { closedLoop } from "../measure/closed-loop.ts";
import { serveQuestions } from "./conversation.ts";

const [folder = "", port = "", password = ""] = process.argv.slice(2);
const { FlowProducer, QueueEvents, Worker } = createRequire(`${folder}/`)("bullmq");

const connection = { host: "127.0.0.1", port: Number(port), password, maxRetriesPerRequest: null };
const queueName = "bench";
new Worker(queueName, async ({ data }) => data, { connection, concurrency: 512 });
const events = new QueueEvents(queueName, { connection });
await events.waitUntilReady();
const flows = new FlowProducer({ connection });
// Each waiting call is a listener.
for (const each of [flows, events]) each.setMaxListeners(0);
// A caller cannot wait for a job that is removed immediately.
const opts = { removeOnComplete: { count: 10_000 } };
const job = (n, children = []) => ({ name: `t${n}`, queueName, data: { n }, opts, children });

let chain = job(0);
for (let n = 1; n < 5; n++) chain = job(n, [chain]);
const fanout = job(
  100,
  Array.from({ length: 100 }, (_, n) => job(n)),
);
const shapes = { chain: { flow: chain, tasks: 5 }, fanout: { flow: fanout, tasks: 100 } };

serveQuestions({}, ({ shape, concurrency, seconds }) => {
  const { flow, tasks } = shapes[shape];
  const once = async () => {
    const { job: last } = await flows.add(flow);
    await last.waitUntilFinished(events);
    return tasks;
  };
  return closedLoop({ call: once, concurrency }, seconds);
});
