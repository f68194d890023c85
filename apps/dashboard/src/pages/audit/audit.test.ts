import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aboutOf, actionOf, hasPage } from "./record.ts";
import { auditSearch, parametersOf, searchCommand } from "./search.ts";

describe("a search in the audit log", () => {
  const search = auditSearch({
    ...{ view: "refused", actor: "person/ada", action: "run.task_*", about: "run/order-1" },
    ...{ within: "1h", text: " ", oldest: "yes", x: 1 },
  });

  it("keeps the valid parameters of the address", () => {
    assert.deepEqual(search, {
      ...{ view: "refused", actor: "person/ada", action: "run.task_*", about: "run/order-1", within: "1h" },
    });
  });

  it("splits kinds from ids, and rounds times down to the minute", () => {
    assert.deepEqual(parametersOf(search, 3_600_000 + 59_000), {
      ...{ actorKind: "person", actorId: "ada", action: "run.task_*" },
      ...{ workKind: "run", workId: "order-1", result: "refused", timeFromMs: 0 },
    });
    assert.deepEqual(parametersOf({ about: "run" }, 0), { workKind: "run", workId: "" });
    assert.deepEqual(parametersOf({ actor: "service:a/b" }, 0), { actorKind: "service", actorId: "a/b" });
  });

  it("is the same as a command", () => {
    assert.equal(
      searchCommand("search", { ...search, oldest: true }),
      "tutti audit search --actor person/ada --action 'run.task_*' --about run/order-1 --since 1h --refused --oldest",
    );
  });
});

describe("a record", () => {
  it("names its subject, and whether the subject has a page", () => {
    const work = { kind: "run", id: "order-1", task: "ship" };
    assert.equal(aboutOf({ work }), "run order-1 ship");
    assert.equal(hasPage({ work }), true);
    assert.equal(hasPage({ work: { kind: "lock", id: "printer" } }), false);
    assert.equal(aboutOf({}), "");
    assert.equal(
      actionOf({ action: "workflow.runs.start", result: "refused" }),
      "refused: workflow.runs.start",
    );
  });
});
