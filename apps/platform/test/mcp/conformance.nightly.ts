/**
 * The conformance kit of the Model Context Protocol against a platform. The kit is fetched in one exact version, because
 * it is too large for each clone. ADR 0104 lists the scenarios that are not applicable.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";
import { register } from "./client.ts";
import { kit } from "./kit.ts";

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

/** The tools that the kit calls, as workflows. */
const fixtures = [
  `workflow: test_simple_text
steps: {a: {set: {done: true}}}
output: This is a simple text response for testing.
`,
  `workflow: test_error_handling
steps: {a: {wait: "\${{ duration('none') }}"}}
`,
  `workflow: test_tool_with_progress
steps: {a: {wait: 50ms}, b: {wait: 50ms}}
output: done
`,
  `workflow: greet
input: {schema: {type: object, properties: {name: {type: string}}}}
steps: {a: {wait: 1ms}}
output: "\${{ 'Hello, ' + input.name + '!' }}"
`,
  `workflow: slow_compute
input: {schema: {type: object, properties: {seconds: {type: number}, label: {type: string}}}}
steps: {a: {wait: "\${{ duration(string(input.seconds) + 's') }}"}}
output: done
`,
  `workflow: json_schema_2020_12_tool
input: {schema: ${JSON.stringify(schema)}}
steps: {a: {wait: 1ms}}
`,
];

const expected = {
  "2026-07-28": [
    ...["tools-list", "tools-call-simple-text", "tools-call-error", "tools-call-with-progress"],
    ...["resources-list", "sep-2164-resource-not-found"],
    ...["json-schema-2020-12", "http-header-validation"],
    ...["tasks-capability-negotiation", "tasks-wire-fields", "tasks-request-headers"],
    ...["tasks-request-state-removal", "input-required-result-unsupported-methods"],
  ],
  "2025-11-25": [
    ...["server-initialize", "ping", "tools-list", "tools-call-simple-text", "tools-call-error"],
    ...["tools-call-with-progress", "json-schema-2020-12"],
  ],
};

function outputOf(http: string, version: string): Promise<string> {
  const args = ["server", "--url", `${http}/mcp`, "--requirements", version, "--timeout", "10000"];
  const npm = ["exec", "--yes", `--package=${kit}`, "--", "conformance", ...args];
  // The kit fails if one scenario fails, and some scenarios are not applicable.
  return new Promise((resolve) =>
    execFile("npm", npm, { maxBuffer: 2 ** 26 }, (_error, output, errors) => resolve(output + errors)),
  );
}

describe("the conformance kit of MCP", () => {
  let folder: Folder;
  let platform: Service;
  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`]);
    for (const text of fixtures) await register(platform.http, text);
  });
  after(async () => {
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const [version, scenarios] of Object.entries(expected))
    it(`passes all applicable scenarios of ${version}`, async () => {
      // The kit accepts a machine only by its name.
      const output = await outputOf(platform.http.replace("127.0.0.1", "localhost"), version);
      const passed = new Set(
        [...output.matchAll(/^✓ ([\w-]+): [1-9]\d* passed, 0 failed/gm)].map(([, name]) => name),
      );
      assert.deepEqual(
        scenarios.filter((scenario) => !passed.has(scenario)),
        [],
        output.slice(-3_000),
      );
    });
});
