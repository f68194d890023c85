import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { RestError } from "@tutti/rest/client";
import { DisconnectionReporter } from "./disconnection.ts";

/** Collects reports. A pause ends when the test ends it. */
function followed() {
  const reports: string[] = [];
  const pauses: (() => void)[] = [];
  const absence = new DisconnectionReporter({
    shell: { nowMs: () => 0, pause: () => new Promise((done) => void pauses.push(done)) },
    onDisconnect: (reason) => reports.push(reason),
    onReconnect: () => reports.push("back"),
  });
  const endPauses = async () => {
    for (const done of pauses.splice(0)) done();
    await turn();
  };
  return { absence, reports, endPauses };
}

describe("a broken stream", () => {
  it("is not reported when it reconnects at once", async () => {
    const { absence, reports, endPauses } = followed();
    absence.update("broken");
    absence.update("connecting");
    absence.update("open");
    await endPauses();
    assert.deepEqual(reports, []);
    assert.equal(absence.reported, undefined);
  });

  it("is reported once, and so is the reconnection", async () => {
    const { absence, reports, endPauses } = followed();
    absence.update("broken");
    absence.update("broken");
    await endPauses();
    absence.update("broken");
    await endPauses();
    assert.ok(absence.reported);
    absence.update("open");
    assert.deepEqual(reports, ["The platform is not reachable, retrying …", "back"]);
    assert.equal(absence.reported, undefined);
  });

  it("starts a new pause with each break", async () => {
    const { absence, reports, endPauses } = followed();
    absence.update("broken");
    absence.update("open");
    const first = endPauses();
    absence.update("broken");
    await first;
    assert.deepEqual(reports, []);
    await endPauses();
    assert.equal(reports.length, 1);
  });

  it("is reported with the code of the reply, if there is one", async () => {
    const { absence, reports, endPauses } = followed();
    absence.update("broken", new RestError({ code: "mesh.unavailable", status: 503, detail: "no instance" }));
    await endPauses();
    absence.update("open");
    const details = { url: "http://127.0.0.1:7400" };
    absence.update(
      "broken",
      new RestError({ code: "rest.unreachable", status: 0, detail: "refused", details }),
    );
    await endPauses();
    assert.deepEqual(reports, [
      "No events at the moment (mesh.unavailable), retrying …",
      "back",
      "The platform at http://127.0.0.1:7400 is not reachable, retrying …",
    ]);
  });

  it("is not reported after the end", async () => {
    const { absence, reports, endPauses } = followed();
    absence.update("broken");
    absence.close();
    await endPauses();
    assert.deepEqual(reports, []);
  });
});
