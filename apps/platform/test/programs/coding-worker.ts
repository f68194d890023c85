/** A worker whose coding agent does what the prompt says: it is a script. `coding-worker.ts ADDRESS REPOSITORY TREES` */
import { codingAgent } from "@tutti/sdk/coding";
import { Worker } from "@tutti/sdk/worker";

const [address = "", folder = "", trees = ""] = process.argv.slice(2);
const worker = new Worker({ address, agentId: `coder-${process.pid}` });
// A session is a file in the tree. The script learns by its first argument that it continues one.
const command = ({ session = "new" }: { readonly session: string | undefined }) => ["sh", "-s", session];
worker.handle(
  "code",
  codingAgent({ name: "scripted", command, env: [], read: (line) => line }, { folder, trees }),
);
await worker.run();
