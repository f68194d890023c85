import { runHost } from "@tutti/host";
import { services } from "./service.ts";
import { welcome } from "./welcome.ts";

await runHost({ name: "platform", services, ready: welcome });
