/** Definitions in Python: the same documents as those in TypeScript and in YAML. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkText, readText } from "@tutti/definitions";
import {
  approve,
  cel,
  gate,
  input,
  item,
  loop,
  outputOf,
  template,
  uses,
  wait,
  workflow,
} from "@tutti/sdk/workflow";
import { folder, python, run } from "./python.fixture.ts";

const tests = join(folder, "tests");
const examples = join(folder, "../../examples/workflows");

interface Order {
  readonly id: string;
  readonly items: readonly { readonly article: string }[];
  readonly total: number;
}

const order = input<Order>();

/** The definition in `definitions.py`, in TypeScript. */
const inTypeScript = workflow("order", {
  description: "Sends an order",
  input: { schema: { type: "object", required: ["id", "items"] } },
  signals: { paid: { schema: { type: "object" } } },
  timeout: "1d12h",
  onFailure: "compensate",
  tasks: {
    reserve: uses("stock.reserve", {
      with: { items: order.items, note: template`Order ${order.id}: ${"now"}` },
      retry: { backoff: "1s..1m", notOn: ["stock.gone"] },
      timeout: { queue: "1h", run: "30s", heartbeat: "500ms" },
      compensate: { uses: "stock.release", retry: 3 },
    }),
    paid: wait({ signal: "paid", within: "14d" }, { needs: ["reserve"] }),
    sure: approve(
      { by: ["ops"], title: template`Send ${order.id}?`, within: "2d" },
      { needs: ["paid"], when: cel`${order.total} > 100` },
    ),
    ship: uses("parcel.send", {
      needs: ["paid", { task: "sure", on: "always" }],
      forEach: order.items,
      maxParallel: 8,
      failFast: false,
      with: { article: item<{ readonly article: string }>().article },
      checks: [{ name: "tracked", condition: "output.tracked", onFailure: "sendBack", times: 2 }],
      placement: { require: { equals: { region: "eu" } }, notAgentOf: ["reserve"] },
      idempotencyKey: template`${order.id}-ship`,
    }),
    good: gate({ check: cel`size(${outputOf("ship")}) > 0`, sendBack: "ship", times: 2 }),
    scan: loop(
      {
        max: 100,
        every: "30s",
        until: "tasks.look.output.done",
        tasks: { look: uses("scanner.look", { with: { "the round": template`${cel`round.number`}` } }) },
      },
      { needs: ["good"] },
    ),
  },
  output: { sent: outputOf("ship") },
});

async function printed(...args: readonly string[]): Promise<string> {
  const { code, output } = await run(["-W", "error", "definitions.py", ...args], tests);
  assert.equal(code, 0, output);
  return output;
}

describe("a definition in Python", { skip: python.skip }, () => {
  it("is the document that the same definition in TypeScript is, and registers without a problem", async () => {
    const { document, yaml } = JSON.parse(await printed());
    assert.deepEqual(document, inTypeScript);
    const checked = checkText({ format: "yaml", text: yaml, fileName: "order.yaml" });
    assert.deepEqual(checked.problems, []);
    assert.deepEqual(
      checked,
      checkText({ format: "json", text: JSON.stringify(inTypeScript), fileName: "order.yaml" }),
    );
  });

  it("is written as equivalent YAML for each example", async () => {
    const directory = await mkdtemp(join(tmpdir(), "python-definitions-"));
    try {
      const documents = readdirSync(examples)
        .map((name) => join(examples, name, "workflow.yaml"))
        .filter((file) => existsSync(file))
        .map((file) => jsonOf(readFileSync(file, "utf8"), file));
      assert.ok(documents.length > 10);
      const file = join(directory, "documents.json");
      await writeFile(file, JSON.stringify(documents));
      const written: readonly string[] = JSON.parse(await printed(file));
      assert.deepEqual(
        written.map((text) => jsonOf(text, "written.yaml")),
        documents,
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

function jsonOf(text: string, fileName: string): unknown {
  const { value, problems } = readText({ format: "yaml", text, fileName });
  assert.deepEqual(problems, []);
  return value;
}
