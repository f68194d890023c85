import { runHost } from "@tutti/host";
import { gateway } from "./service.ts";

await runHost({ name: "gateway", services: [gateway] });
