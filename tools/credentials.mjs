// Creates the credentials that an installation needs before its first start, for trials and for compose.
//   npm run credentials -- --out DIR [--hosts a,b]
//
// Existing files are kept. In production your own authority issues the certificates. The other files are created once.
// Keep them with your secrets: their holder can act as the installation.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { out: { type: "string" }, hosts: { type: "string", default: "" } },
});
if (values.out === undefined) {
  console.error("Missing --out DIR");
  process.exit(2);
}

const services = ["registry", "governance", "workflow", "swarm", "master", "insight", "gateway", "cli"];
// NATS servers are named by their position in the set, on Kubernetes and in compose.
const natsHosts = ["nats-0", "nats-1", "nats-2"].flatMap((name) => [name, `${name}.nats`]);

const { createDevelopmentCertificates } = await import("../libs/mesh/src/tls/development-ca.ts");
const { openInstallationKeys, trustedKeyOf } = await import("../libs/host/src/keys/installation-keys.ts");
const { systemFoundation } = await import("../libs/kernel/src/index.ts");

const folder = values.out;
mkdirSync(folder, { recursive: true });
const hosts = values.hosts.split(",").filter(Boolean);
await createDevelopmentCertificates({ directory: folder, services, hosts });
await createDevelopmentCertificates({ directory: folder, services: ["nats"], hosts: natsHosts });
const keys = await openInstallationKeys(folder, systemFoundation());
const trusted = trustedKeyOf(keys);
writeFileSync(join(folder, "trusted-key"), trusted);
for (const name of ["gateway-key", "operations-key", "nats-password"]) {
  const file = join(folder, name);
  // A letter first, because NATS servers would read some hexadecimal strings as numbers.
  if (!existsSync(file)) writeFileSync(file, `k${randomBytes(32).toString("hex")}`, { mode: 0o600 });
}
// The file for `--env-file` of compose.
const environment = {
  NATS_PASSWORD: readFileSync(join(folder, "nats-password"), "utf8"),
  OPERATIONS_KEY: readFileSync(join(folder, "operations-key"), "utf8"),
  TUTTI_TRUSTED_KEY: trusted,
};
const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
writeFileSync(join(folder, "compose.env"), lines.join(""), { mode: 0o600 });
console.log(`credentials: ${folder}`);
