/**
 * The scenarios for clients of the conformance kit of the Model Context Protocol, against the client of workers. The kit
 * starts the client as a program. ADRs 0104 and 0189 list the scenarios that are not applicable.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { kit } from "./kit.ts";

const program = fileURLToPath(new URL("../programs/mcp-client.ts", import.meta.url));

const scenarios = {
  "2025-11-25": [
    ...["initialize", "tools_call", "sse-retry", "json-schema-2020-12-preservation"],
    "elicitation-sep1034-client-defaults",
    ...["auth/client-credentials-basic", "auth/client-credentials-jwt"],
    ...["auth/pre-registration", "auth/resource-mismatch"],
  ],
  "2026-07-28": [
    ...["tools_call", "request-metadata", "http-standard-headers", "http-custom-headers"],
    ...["http-invalid-tool-headers", "json-schema-ref-no-deref", "json-schema-2020-12-preservation"],
    "sep-2322-client-request-state",
    ...["auth/client-credentials-basic", "auth/client-credentials-jwt"],
    ...["auth/pre-registration", "auth/resource-mismatch", "auth/metadata-issuer-mismatch"],
  ],
};

function outputOf(scenario: string, version: string): Promise<string> {
  const command = `${process.execPath} ${program}`;
  const args = [
    "client",
    "--command",
    command,
    "--scenario",
    scenario,
    "--spec-version",
    version,
    // Extensions belong to no version.
    "--force",
    "--timeout",
    "120000",
  ];
  const npm = ["exec", "--yes", `--package=${kit}`, "--", "conformance", ...args];
  return new Promise((resolve) =>
    execFile("npm", npm, { maxBuffer: 2 ** 26 }, (_error, output, errors) => resolve(output + errors)),
  );
}

describe("the conformance kit of MCP for clients", () => {
  for (const [version, names] of Object.entries(scenarios))
    for (const scenario of names)
      it(`passes ${scenario} of ${version}`, async () => {
        const output = await outputOf(scenario, version);
        assert.match(output, /^Passed: ([1-9]\d*)\/\1, 0 failed, 0 warnings$/m, output.slice(-3_000));
        assert.match(output, /OVERALL: PASSED/);
      });
});
