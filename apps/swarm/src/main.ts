import { runHost } from "@tutti/host";
import { swarm } from "./service.ts";

await runHost({ name: "swarm", services: [swarm] });
