/** Watches of the registry in a process of their own: node watchers.ts ADDRESS COUNT */
import { registryClient } from "./registry-client.ts";

const [address = "", count = "1"] = process.argv.slice(2);
const { registry } = registryClient(address);
const request = { services: [], after: undefined, withFigures: false, withSchemas: false };
let open = 0;

for (let number = 0; number < Number(count); number++) void watch();

async function watch(): Promise<void> {
  let known = false;
  for await (const { position } of registry.watch(request)) {
    // Taking the news in is all a watcher does.
    if (known || position === undefined) continue;
    known = true;
    if (++open === Number(count)) process.stdout.write("watching\n");
  }
}
