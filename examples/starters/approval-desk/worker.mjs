import { Worker } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const worker = new Worker();
for (const [capability, handler] of Object.entries(handlers)) worker.handle(capability, handler);
await worker.run();
