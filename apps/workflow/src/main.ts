import { runHost } from "@tutti/host";
import { workflow } from "./service.ts";

await runHost({ name: "workflow", services: [workflow] });
