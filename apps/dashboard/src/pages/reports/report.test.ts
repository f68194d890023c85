import assert from "node:assert/strict";
import { it } from "node:test";
import { bodyOf, createCommand, emptyDraft, problemsOf, reportsSearch } from "./report.ts";

it("a report of a team needs its name, and a schedule a cron expression", () => {
  assert.deepEqual(problemsOf(emptyDraft), {});
  const draft = { ...emptyDraft, kind: "team", schedule: "weekly" } as const;
  assert.deepEqual(Object.keys(problemsOf(draft)), ["subject", "cron"]);
});

it("a draft sends the same values as its CLI command", () => {
  const draft = {
    kind: "team",
    subject: " shop ",
    covers: "30d",
    schedule: "weekly",
    cron: "0 7 * * MON",
  } as const;
  assert.deepEqual(bodyOf(draft), {
    ...{ kind: "team", subject: "shop", spanMs: 2_592_000_000 },
    ...{ schedule: "weekly", cron: "0 7 * * MON" },
  });
  assert.equal(
    createCommand(draft),
    "tutti report create team shop --covers 30d --schedule weekly --cron '0 7 * * MON'",
  );
  assert.equal(createCommand(emptyDraft), "tutti report create namespace --covers 7d");
});

it("an address contains the shown report, and no unknown parameters", () => {
  assert.deepEqual(reportsSearch({ id: "report-1", other: 2 }), { id: "report-1" });
  assert.deepEqual(reportsSearch({ id: 1 }), {});
});
