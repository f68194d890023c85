// @ts-check

// The order of the libraries and their allowed users. The check of dependencies enforces these rules, and the diagram
// draws them.

/** A library may import only libraries above it. `npm run make -- library NAME` adds a line. */
export const libraries = [
  "contracts",
  "kernel",
  "telemetry",
  "nats",
  "expressions",
  "analysis",
  "policy",
  "planner",
  "definitions",
  "load",
  "machines",
  "matching",
  "journal",
  "runtime",
  "bus",
  "rest",
  "mesh",
  "offers",
  "host",
  "sessions",
  "simulation",
  "sdk",
  "validation",
];

/**
 * Packages from npm that only one place may import. A dependency behind our ports is loaded there and can be replaced.
 *
 * @type {ReadonlyArray<{ packages: string, homes: string[], instead: string }>}
 */
export const homes = [
  { packages: "@grpc/", homes: ["libs/mesh/", "libs/sdk/"], instead: "use @tutti/mesh" },
  { packages: "opossum/", homes: ["libs/mesh/"], instead: "use @tutti/mesh" },
  {
    packages: "@nats-io/",
    homes: ["libs/nats/", "libs/bus/", "libs/journal/", "apps/registry/", "libs/sdk/src/adapters/nats/"],
    instead: "use @tutti/nats, @tutti/bus or @tutti/journal",
  },
  { packages: "pg/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "@redis/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "amqplib/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "@platformatic/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "imapflow/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "ssh2/", homes: ["libs/sdk/"], instead: "use @tutti/sdk/adapters" },
  { packages: "nodemailer/", homes: ["libs/sdk/", "apps/insight/"], instead: "use @tutti/sdk/adapters" },
  { packages: "cloudevents/", homes: ["libs/bus/"], instead: "use @tutti/bus" },
  { packages: "@opentelemetry/", homes: ["libs/telemetry/"], instead: "use the kernel's Tracer and Metrics" },
  { packages: "pino", homes: ["libs/telemetry/"], instead: "use the kernel's Logger" },
  {
    packages: "@bufbuild/",
    homes: ["libs/contracts/", "tools/", "libs/sdk/src/adapters/grpc/"],
    instead: "use @tutti/contracts",
  },
];
