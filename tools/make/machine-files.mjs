// @ts-check

// The files of a new machine. Its only command starts it, so that a developer replaces it in a minute. Yet the files
// cover the whole path: message, decider, fold, snapshot, conformance suite and golden history.

/**
 * @param {string} name
 * @param {string} area
 */
export function machineMessages(name, area) {
  const type = typeOf(name);
  return {
    head: `syntax = "proto3";

// Commands and events of the machines of ${area}. Each version of an event is a separate message that never changes,
// because journals contain it.
package tutti.${area}.v1;
`,
    messages: `// Starts a ${name}.
message Start${type} {
  // What it is about.
  string title = 1;
}

// Reply: the ${name} has started.
message Start${type}Reply {
  // When, milliseconds since the Unix epoch.
  double start_ms = 1;
}

// A ${name} has started.
message ${type}StartedV1 {
  // What it is about.
  string title = 1;
  // When, milliseconds since the Unix epoch.
  double start_ms = 2;
}

// The state of a ${name}.
message ${type}SnapshotV1 {
  // What it is about.
  string title = 1;
  // When it started, milliseconds since the Unix epoch.
  double start_ms = 2;
}
`,
  };
}

/**
 * @param {string} name
 * @param {string} area
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function machineFiles(name, area, folder) {
  return {
    [`${folder}/src/index.ts`]: index(name),
    [`${folder}/src/machine.ts`]: machine(name),
    [`${folder}/src/state.ts`]: state(name),
    [`${folder}/src/errors.ts`]: errors(name),
    [`${folder}/src/snapshots.ts`]: snapshots(name, area),
    [`${folder}/src/life/commands.ts`]: commands(name, area),
    [`${folder}/src/life/events.ts`]: events(name, area),
    [`${folder}/src/life/commands.test.ts`]: commandsTest(name, area),
    [`${folder}/test/conformance.test.ts`]: conformanceTest(name, area),
    [`${folder}/test/stories.ts`]: stories(name, area),
    [`${folder}/test/programs/golden.ts`]: golden,
  };
}

/** @param {string} name */
function index(name) {
  return `export { ${name}Errors } from "./errors.ts";
export * from "./life/commands.ts";
export { ${name} } from "./machine.ts";
`;
}

/** @param {string} name */
function machine(name) {
  const type = typeOf(name);
  return `/** The ${name}, a machine: the table of its commands, events and queries. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Machine } from "@tutti/kernel";
import { start } from "./life/commands.ts";
import { started } from "./life/events.ts";
import { ${name}Snapshots } from "./snapshots.ts";
import { type ${type}, new${type} } from "./state.ts";

export const ${name}: Machine<${type}, never> = {
  kind: "${name}",
  behaviour: 1,
  create: new${type},
  commands: [start],
  events: [started],
  queries: [],
  snapshots: ${name}Snapshots,
  // Every set timer and every requested effect follows from the state: report them here.
  recover() {},
  describe: ({ startMs }) => ({
    status: startMs === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    idChosen: true,
  }),
  project: (state) => ({ ...state }),
};
`;
}

/** @param {string} name */
function state(name) {
  const type = typeOf(name);
  return `import type { Command, MachineEvent } from "@tutti/kernel";

/** A ${name}, folded from its events. Only folds change it. */
export interface ${type} {
  title: string;
  /** When it started. 0 before. */
  startMs: number;
}

export type ${type}Event<Body> = MachineEvent<${type}, never, Body>;
export type ${type}Command<Body, Reply> = Command<${type}, Body, Reply, never>;

export function new${type}(): ${type} {
  return { title: "", startMs: 0 };
}
`;
}

/** @param {string} name */
function errors(name) {
  return `import { defineErrors } from "@tutti/kernel";

/** Why a ${name} refuses a command. */
export const ${name}Errors = defineErrors("${name}", {
  startedAlready: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id already belongs to another ${name}.",
    message: ({ id }: { id: string }) => \`The ${name} \${id} already exists\`,
    remedy: "Choose another id.",
  },
});
`;
}

/** @param {string} name @param {string} area */
function snapshots(name, area) {
  const type = typeOf(name);
  return `/** The stored form of a ${name} between its events. */
import { ${type}SnapshotV1 } from "@tutti/contracts/${area}/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import type { ${type} } from "./state.ts";

const newest = 1;

export const ${name}Snapshots: SnapshotCodec<${type}> = {
  version: newest,
  encode: (state) => ${type}SnapshotV1.encode(state).finish(),
  decode(bytes, version) {
    if (version === newest) return ${type}SnapshotV1.decode(bytes);
    throw kernelErrors.snapshotUnknown({ kind: "${name}", version, newest });
  },
};
`;
}

/** @param {string} name @param {string} area */
function commands(name, area) {
  const type = typeOf(name);
  return `import { Start${type}, Start${type}Reply } from "@tutti/contracts/${area}/v1";
import { ${name}Errors } from "../errors.ts";
import type { ${type}Command } from "../state.ts";
import { started } from "./events.ts";

export const start: ${type}Command<Start${type}, Start${type}Reply> = {
  type: "start",
  codec: Start${type},
  reply: Start${type}Reply,
  decide(_, { title }, step) {
    if (step.events > 0) return ${name}Errors.startedAlready.refusal({ id: step.key.id });
    step.emit(started, { title, startMs: step.nowMs });
    return { startMs: step.nowMs };
  },
};
`;
}

/** @param {string} name @param {string} area */
function events(name, area) {
  const type = typeOf(name);
  return `import { ${type}StartedV1 } from "@tutti/contracts/${area}/v1";
import type { ${type}Event } from "../state.ts";

export const started: ${type}Event<${type}StartedV1> = {
  type: "${name}_started",
  version: 1,
  codec: ${type}StartedV1,
  described: true,
  evolve(state, { title, startMs }) {
    state.title = title;
    state.startMs = startMs;
  },
};
`;
}

/** @param {string} name @param {string} area */
function commandsTest(name, area) {
  return `import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { start, ${name} } from "../index.ts";

const key = { namespace: "default", kind: "${name}", id: "one" };

describe("${name}", () => {
  it("starts once", () => {
    const driver = new MachineDriver({ machines: [${name}], service: "${area}" });
    assert.deepEqual(driver.execute(key, start, { title: "first" }), { startMs: driver.nowMs });
    const again = driver.execute(key, start, { title: "second" });
    assert.ok(isRefusal(again));
    assert.equal(again.code, "${name}.started_already");
    assert.deepEqual(driver.projection(key), { title: "first", startMs: driver.nowMs });
  });
});
`;
}

/** @param {string} name @param {string} area */
function conformanceTest(name, area) {
  return `import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { ${name} } from "../src/index.ts";

const key = fc.constantFrom("one", "two").map((id) => ({ namespace: "default", kind: "${name}", id }));

describe("${name}", () => {
  machineConformance({
    machines: [${name}],
    service: "${area}",
    commands: fc.oneof(
      fc.record({ key, command: fc.constant("start"), body: fc.record({ title: fc.string() }) }),
    ),
    golden: new URL("../golden/", import.meta.url),
  });
});
`;
}

/** @param {string} name @param {string} area */
function stories(name, area) {
  return `/** Histories that every release can read: recorded once by \`npm run golden\`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { start, ${name} } from "../src/index.ts";

const key = { namespace: "default", kind: "${name}", id: "one" };

/** By the name of the file. */
export const stories: GoldenStories = {
  started: (release) => {
    const driver = new MachineDriver({ machines: [${name}], service: "${area}" });
    driver.execute(key, start, { title: "first" });
    return goldenOf(driver, ${name}, key, release);
  },
};
`;
}

const golden = `/** \`npm run golden -- 0.2.0\` in the folder of the package: writes the histories that all later releases read. */
import { writeGoldenHistories } from "@tutti/kernel/testing";
import { stories } from "../stories.ts";

writeGoldenHistories(new URL("../../golden/", import.meta.url), stories, process.argv.slice(2));
`;

/** @param {string} name */
function typeOf(name) {
  return name[0]?.toUpperCase() + name.slice(1);
}
