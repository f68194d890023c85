// @ts-check

// The files of a new service. Its only rpc greets. It is small enough to be replaced in a minute. It takes the path of
// every rpc, from the contract through the handler to the shell and back.

/**
 * @param {string} name
 * @returns {Record<string, string>}
 */
export function contract(name) {
  return {
    [`proto/tutti/${name}/v1/${name}_service.proto`]: `syntax = "proto3";

// The contract of the service ${name}.
package tutti.${name}.v1;

import "tutti/types/v1/options.proto";

// Greets.
service ${typeOf(name)}Service {
  // Gives the greeting for a name.
  rpc GetGreeting(GetGreetingRequest) returns (GetGreetingReply) {
    option (tutti.types.v1.rpc) = {
      action: "${name}.greetings.get"
      resource: "greeting"
      repeat: REPEAT_SAFE
    };
  }
}

// Which greeting.
message GetGreetingRequest {
  // The namespace. Empty: \`default\`.
  string namespace = 1 [(tutti.types.v1.field) = {form: FORM_NAMESPACE}];
  // Who is greeted.
  string name = 2 [(tutti.types.v1.field) = {
    required: true
    max_length: 200
  }];
}

// The greeting.
message GetGreetingReply {
  // What to say.
  string text = 1;
}
`,
  };
}

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function rooms(name, folder) {
  return {
    ...entrance(name, folder),
    [`${folder}/src/configuration.ts`]: configuration(name),
    [`${folder}/src/service.ts`]: service(name),
    [`${folder}/src/api/handlers.ts`]: handlers(name),
    [`${folder}/src/effects/greeter.ts`]: greeter(name),
    [`${folder}/test/service.test.ts`]: serviceTest(name),
  };
}

/** @param {string} name */
function configuration(name) {
  return `import { defineSection } from "@tutti/kernel";
import { z } from "zod";

/** The keys of the service: \`orchestration.${name}.*\`. */
export const ${name}Section = defineSection({
  scope: "orchestration",
  name: "${name}",
  description: "The service ${name}.",
  schema: z.object({
    greeting: z.string().min(1).default("Hello").describe("The first word of a greeting."),
  }),
});
`;
}

/** @param {string} name */
function service(name) {
  const type = typeOf(name);
  return `import { ${name}Service } from "@tutti/contracts/${name}/v1";
import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { ${name}Handlers } from "./api/handlers.ts";
import { ${name}Section } from "./configuration.ts";
import { Greeter } from "./effects/greeter.ts";

/** Greets. */
export class ${type}Service extends Orchestrator {
  constructor(host: HostContext) {
    super("${name}", host.foundation, { version: host.version });
    const { greeting } = this.settings(${name}Section);
    const greeter = this.register("greeter", new Greeter(greeting, host.foundation.metrics));
    host.mesh.serve(${name}Service, ${name}Handlers(greeter));
  }
}

/** The service, as a host takes it in. */
export const ${name}: ServiceModule = {
  name: "${name}",
  sections: [${name}Section],
  create: (host) => new ${type}Service(host),
};
`;
}

/** @param {string} name */
function handlers(name) {
  return `import type { ${name}Service } from "@tutti/contracts/${name}/v1";
import type { Handlers } from "@tutti/mesh";
import type { Greeter } from "../effects/greeter.ts";

export function ${name}Handlers(greeter: Greeter): Handlers<typeof ${name}Service> {
  return {
    getGreeting: ({ name }, { namespace }) => ({ text: greeter.greet(name, namespace) }),
  };
}
`;
}

/** @param {string} name */
function greeter(name) {
  return `import { type Component, type CounterCell, healthy, type Metrics } from "@tutti/kernel";

/** The side effects of the service: a counter of greetings. */
export class Greeter implements Component {
  readonly #greeting: string;
  readonly #given: CounterCell;

  constructor(greeting: string, metrics: Metrics) {
    this.#greeting = greeting;
    this.#given = metrics.counter({ name: "tutti_${name}_greetings_total", help: "Greetings given." }).with({});
  }

  greet(name: string, namespace: string): string {
    this.#given.add();
    return \`\${this.#greeting}, \${name} of \${namespace}\`;
  }

  health() {
    return healthy;
  }
}
`;
}

/** @param {string} name */
function serviceTest(name) {
  return `import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ${name}Service } from "@tutti/contracts/${name}/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { ${name} } from "../src/service.ts";

async function startHost(...flags: string[]): Promise<ServiceHost> {
  const quiet = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
  const sources = memorySources({ arguments: [...quiet, ...flags] });
  const host = await ServiceHost.open({ name: "${name}", version: "0.1.0", services: [${name}], sources });
  await host.start();
  return host;
}

describe("${name}", () => {
  it("greets by name, in the default namespace if the request names none", async () => {
    await using host = await startHost();
    const client = host.mesh.client(${name}Service);
    assert.deepEqual(await client.getGreeting({ namespace: "", name: "Ada" }), { text: "Hello, Ada of default" });
    assert.deepEqual(await client.getGreeting({ namespace: "acme", name: "Ada" }), { text: "Hello, Ada of acme" });
  });

  it("greets as it is configured", async () => {
    await using host = await startHost("--${name}.greeting=Welcome");
    const client = host.mesh.client(${name}Service);
    assert.deepEqual(await client.getGreeting({ namespace: "", name: "Ada" }), { text: "Welcome, Ada of default" });
  });
});
`;
}

/**
 * Returns the folders of a service whose contract already exists. The service starts, and serves no rpcs yet.
 *
 * @param {string} name
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function emptyRooms(name, folder) {
  const type = typeOf(name);
  return {
    ...entrance(name, folder),
    [`${folder}/src/service.ts`]: `import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";

/** The service of the contracts in proto/tutti/${name}; the handlers of their rpcs belong into \`api/\`. */
export class ${type}Service extends Orchestrator {
  constructor(host: HostContext) {
    super("${name}", host.foundation, { version: host.version });
  }
}

/** The service, as a host takes it in. */
export const ${name}: ServiceModule = {
  name: "${name}",
  sections: [],
  create: (host) => new ${type}Service(host),
};
`,
    [`${folder}/test/service.test.ts`]: `import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { ${name} } from "../src/service.ts";

describe("${name}", () => {
  it("is ready once its host has started, and stops with it", async () => {
    const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
    const sources = memorySources({ arguments: flags });
    const host = await ServiceHost.open({ name: "${name}", version: "0.1.0", services: [${name}], sources });
    await host.start();
    assert.equal((await fetch(\`\${host.url}/readyz\`)).status, 200);
    await host.stop();
    assert.equal(host.state, "stopped");
  });
});
`,
  };
}

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Record<string, string>}
 */
function entrance(name, folder) {
  return {
    [`${folder}/src/main.ts`]: `import { runHost } from "@tutti/host";
import { ${name} } from "./service.ts";

await runHost({ name: "${name}", services: [${name}] });
`,
    [`${folder}/src/index.ts`]: `export { ${typeOf(name)}Service, ${name} } from "./service.ts";\n`,
  };
}

/** @param {string} name */
function typeOf(name) {
  return name[0]?.toUpperCase() + name.slice(1);
}
