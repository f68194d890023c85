/** A worker and nothing else: what its bundle contains is what a worker costs. */
import { Worker } from "@tutti/sdk/worker";

const worker = new Worker({ slots: 4 });
worker.handle("stock.reserve", (input) => input);
await worker.run();
