import assert from "node:assert/strict";
import { it } from "node:test";
import type { EventInput } from "@tutti/bus";
import { testFoundation } from "@tutti/kernel/testing";
import { AuditEvents } from "./audit-events.ts";

it("a fault of the audit is reported once, with the journal and the batch", () => {
  const published: (EventInput | undefined)[] = [];
  const events = new AuditEvents({ publish: (event) => void published.push(event) }, testFoundation().clock);
  const fault = { recordId: "workflow/7/12", message: "a batch is missing" };
  events.broken([fault, fault]);
  events.broken([fault]);
  const [event, ...more] = published;
  assert.equal(event?.type, "tutti.governance.audit.broken");
  const { place, batch, reason } = JSON.parse(new TextDecoder().decode(event.data));
  assert.deepEqual([place, batch, reason], ["workflow/7", 12, "a batch is missing"]);
  assert.deepEqual(more, []);
});
