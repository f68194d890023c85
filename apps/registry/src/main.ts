import { runHost } from "@tutti/host";
import { registry } from "./service.ts";

await runHost({ name: "registry", services: [registry] });
