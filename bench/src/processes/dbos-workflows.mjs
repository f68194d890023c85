// DBOS as its documentation has it: a workflow of five steps, and one of a hundred steps at once, each recorded in
// PostgreSQL. Steps are functions of this process, and so is the caller.
//
//   node dbos-workflows.mjs FOLDER_OF_THE_PACKAGES URL
import { createRequire } from "node:module";
import { closedLoop } from "../measure/closed-loop.ts";
import { serveQuestions } from "./conversation.ts";

const [folder = "", url = ""] = process.argv.slice(2);
const { DBOS } = createRequire(`${folder}/`)("@dbos-inc/dbos-sdk");
DBOS.setConfig({
  name: "bench",
  systemDatabaseUrl: url,
  systemDatabasePoolSize: 20,
  logLevel: "error",
  runAdminServer: false,
});

const step = (n) => DBOS.runStep(async () => n, { name: `t${n}` });
const chain = DBOS.registerWorkflow(
  async () => {
    for (let n = 0; n < 5; n++) await step(n);
    return 5;
  },
  { name: "chain" },
);
const fanout = DBOS.registerWorkflow(
  async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => step(n)));
    return 100;
  },
  { name: "fanout" },
);
const shapes = { chain, fanout };
await DBOS.launch();

serveQuestions({}, ({ shape, concurrency, seconds }) => {
  // As a method it would be one of an object with configuration.
  const run = shapes[shape];
  return closedLoop({ once: () => run(), concurrency }, seconds);
});
