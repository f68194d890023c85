/** Only a worker. The size of its bundle is the size of a worker. */
import { Worker } from "@tutti/sdk/worker";

const worker = new Worker({ slots: 4 });
worker.handle("stock.reserve", (input) => input);
await worker.run();
