/** A worker whose coding agent is a script that executes the prompt. `coding-worker.ts ADDRESS REPOSITORY TREES` */
import { codingAgent } from "@tutti/sdk/coding";
import { Worker } from "@tutti/sdk/worker";

const [address = "", folder = "", trees = ""] = process.argv.slice(2);
const worker = new Worker({ address, agentId: `coder-${process.pid}` });
// A session is a file in the tree. The first argument tells the script whether it continues a session.
const command = ({ session = "new" }: { readonly session: string | undefined }) => ["sh", "-s", session];
worker.handle(
  "code",
  codingAgent({ name: "scripted", command, env: [], read: (line) => line }, { folder, trees }),
);
await worker.run();
