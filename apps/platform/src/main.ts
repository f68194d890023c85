import { runHost } from "@tutti/host";
import { dataDirectory, services } from "./service.ts";
import { welcome } from "./welcome.ts";

await runHost({ name: "platform", services, dataDirectory, ready: welcome });
