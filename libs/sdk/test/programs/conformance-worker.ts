/** The worker for tests of the conformance program: node conformance-worker.ts */
import { Worker } from "@tutti/sdk";
import { handleConformance } from "@tutti/sdk/conformance";

const worker = new Worker({ slots: 4 });
handleConformance(worker);
await worker.run();
