import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredErrors, type ErrorEntry } from "./catalogue.ts";
import { renderErrorReference } from "./reference.ts";
import "./kernel-errors.ts";

const entry = (help: string): ErrorEntry<never> => ({
  status: "NOT_FOUND",
  retry: "same-key",
  help,
  message: () => "",
  remedy: `Repair ${help}`,
});

describe("the reference page of errors", () => {
  it("has a heading for each area and each code, sorted, with status and remedy", () => {
    const page = renderErrorReference(
      new Map([
        ["run.gone", entry("G.")],
        ["bus.full", entry("F.")],
      ]),
    );
    assert.deepEqual(
      page.split("\n").filter((line) => line.startsWith("#")),
      ["# Errors", "## bus", "### `bus.full`", "## run", "### `run.gone`"],
    );
    assert.match(
      page,
      /- Status: NOT_FOUND \(gRPC 5, HTTP 404\)\n- Repeat: yes: with the same idempotency key.*\n- Remedy: Repair F\./,
    );
  });

  it("names every error declared, each with help worth reading", () => {
    const page = renderErrorReference(declaredErrors());
    for (const [code, { help }] of declaredErrors()) {
      assert.ok(page.includes(`### \`${code}\``));
      // Only the kernel's own area. Other tests declare more.
      if (code.startsWith("kernel.")) assert.match(help, /[.]$/, code);
    }
  });
});
