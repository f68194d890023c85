import { mkdirSync } from "node:fs";
import { Worker } from "@tutti/sdk";
import { addAdapter } from "@tutti/sdk/adapters";
import { notesAdapter } from "./adapter.mjs";

mkdirSync("notes", { recursive: true });
const worker = new Worker();
addAdapter(worker, notesAdapter({ name: "notes", folder: "notes" }));
await worker.run();
