// Creates certificates for mutual TLS between services on a developer's machine, and prints how to use them.
//   npm run certs -- [--out DIR] [--rotate] [--next-authority] [--services a,b] [--hosts a,b] [--json]
import { parseArgs } from "node:util";

const everyService = "platform,registry,master,workflow,swarm,governance,intelligence,insight,gateway,cli";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: ".tutti/certs" },
    rotate: { type: "boolean", default: false },
    "next-authority": { type: "boolean", default: false },
    services: { type: "string", default: everyService },
    hosts: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`Creates a development certificate authority and a certificate per service.

  --out DIR        output folder (default .tutti/certs)
  --rotate         new certificates for all services; running services load them automatically
  --next-authority the next of three steps that replace the authority. Run each step after
                   running services have loaded the previous one (mesh.tls.refreshMs, 10 s)
  --services a,b   services that get a certificate (default ${everyService})
  --hosts a,b      additional host names and addresses, next to localhost and 127.0.0.1
  --json           prints the result as one JSON document`);
  process.exit(0);
}

const list = (text) => text.split(",").filter((part) => part !== "");
const { createDevelopmentCertificates } = await import("../libs/mesh/src/tls/development-ca.ts");
const made = await createDevelopmentCertificates({
  directory: values.out,
  services: list(values.services),
  hosts: list(values.hosts),
  rotate: values.rotate,
  nextAuthority: values["next-authority"],
});

if (values.json) {
  console.log(JSON.stringify(made));
  process.exit(0);
}

const fresh = Object.entries(made.services).filter(([, { isNew }]) => isNew);
console.log(`authority: ${made.ca}`);
const stages = {
  next_is_trusted:
    "the next authority is trusted. When running services have loaded it, run --next-authority again to sign with it",
  next_signs:
    "the next authority signs. When running services have loaded it, run --next-authority again to remove the previous one",
  settled: values["next-authority"] ? "the previous authority is no longer trusted" : "",
};
if (stages[made.authority] !== "") console.log(stages[made.authority]);
console.log(
  fresh.length === 0
    ? "all certificates exist; --rotate creates new ones"
    : `new certificates: ${fresh.map(([name]) => name).join(", ")}`,
);
const [[first = "platform", paths] = []] = Object.entries(made.services);
if (paths !== undefined) {
  console.log(`\nin the configuration of ${first} (tutti.yaml, or the file that --config names):\n
integration:
  mesh:
    transport: grpc
    tls:
      mode: mutual
      ca: ${made.ca}
      cert: ${paths.cert}
      key: ${paths.key}`);
}
