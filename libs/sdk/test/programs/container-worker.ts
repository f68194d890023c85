/** Runs a container that sleeps: `container-worker.ts ENGINE IMAGE`. It is killed. */
import { container } from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";

const [engine = "[]", image = ""] = process.argv.slice(2);
const runArguments = ["--ulimit", "nofile=1024:20000", "--ulimit", "nproc=1024:1024"];
const handler = container({ engine: JSON.parse(engine), runArguments, pull: "never" });
const given = { image, command: ["sleep", "300"] };
const definition = { workflow: "contained", tasks: { run: { uses: "container", with: given } } };
await testWorkflow(definition as never, {
  handlers: { container: handler as never },
  patienceMs: 300_000,
}).execute();
