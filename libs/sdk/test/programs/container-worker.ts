/** Runs a container and keeps another one ready: `container-worker.ts ENGINE IMAGE COMMAND`. */
import { container } from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";

const [engine = "[]", image = "", ...command] = process.argv.slice(2);
const runArguments = ["--ulimit", "nofile=1024:20000", "--ulimit", "nproc=1024:1024"];
const handler = container({ engine: JSON.parse(engine), runArguments, pull: "never", warm: 1 });
const given = { image, command };
const definition = { workflow: "contained", tasks: { run: { uses: "container", with: given } } };
await testWorkflow(definition as never, {
  handlers: { container: handler as never },
  patienceMs: 300_000,
}).execute();
