/** Runs a container, while another one waits: `container-worker.ts ENGINE COMMAND…`. It is killed, receives SIGTERM, or ends. */
import { container } from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";
import { image, runArguments } from "../../../../tools/boxes.mjs";

// A worker exits after its drain time, also if tasks still run.
process.once("SIGTERM", () => process.exit(0));
const [engine = "[]", ...command] = process.argv.slice(2);
const handler = container({ engine: JSON.parse(engine), runArguments, pull: "never", warm: 1 });
const containerInput = { image, command };
const definition = { workflow: "contained", tasks: { run: { uses: "container", with: containerInput } } };
await testWorkflow(definition as never, {
  handlers: { container: handler as never },
  patienceMs: 300_000,
}).execute();
