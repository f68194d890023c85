// DBOS as in its documentation: a workflow of five steps, and one of a hundred concurrent steps, each recorded in
// PostgreSQL. The steps are functions of this process, which is also the caller.
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
  // A call as a method would make it a method of a configured object.
  const run = shapes[shape];
  return closedLoop({ call: () => run(), concurrency }, seconds);
});
