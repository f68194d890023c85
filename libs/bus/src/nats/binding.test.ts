import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MsgHdrsImpl } from "@nats-io/transport-node";
import { CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { cloudEventOf } from "../event/cloud-event.ts";
import { checkedEvent, type EventInput } from "../event/event.ts";
import { eventOf, headersOf } from "./binding.ts";

const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: CloudEvents refuses them
  .filter((value) => !/[\x00-\x1f\x7f-\x9f]/.test(value) && value.isWellFormed());
const visible = fc
  .string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  })
  .filter((value) => value.length <= 200);
const anyEvent: fc.Arbitrary<EventInput> = fc.record({
  id: visible,
  source: fc.webUrl({ withFragments: true, withQueryParameters: true }).filter((url) => url.length <= 400),
  type: fc.constantFrom("tutti.workflow.run.completed", "tutti.a.b-c.d_e"),
  subject: text,
  namespace: fc.constantFrom("default", "team-a"),
  timeMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  dataContentType: fc.constantFrom(
    "application/json",
    'text/plain; charset="utf-8"',
    "application/octet-stream",
  ),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.json().map((json) => new TextEncoder().encode(json)),
  ),
  extensions: fc.dictionary(fc.constantFrom("traceparent", "tracestate", "custom1"), text),
});

describe("events on NATS", () => {
  it("are read from their headers as they were written, with any content", () => {
    fc.assert(
      fc.property(anyEvent, (input) => {
        const event = checkedEvent(input);
        const received = eventOf(MsgHdrsImpl.decode(headersOf(event).encode()), event.data);
        assert.deepEqual(received, event);
      }),
      { numRuns: 300 },
    );
  });

  it("have the ce- headers that the CloudEvents SDK writes for HTTP", () => {
    const event = checkedEvent({
      id: "evt_1",
      source: "/tutti/workflow",
      type: "tutti.workflow.run.completed",
      subject: "run_1",
      namespace: "default",
      timeMs: 1_767_225_600_123,
      data: new TextEncoder().encode('{"a":1}'),
      extensions: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    });
    const written = HTTP.binary(new CloudEvent(cloudEventOf(event)));
    const expected = Object.entries(written.headers).filter(([name]) => name.startsWith("ce-"));
    const ours = MsgHdrsImpl.decode(headersOf(event).encode());
    for (const [name, value] of expected) assert.equal(ours.get(name), value, name);
    // HTTP has a separate header for this attribute. NATS does not.
    assert.equal(ours.get("ce-datacontenttype"), written.headers["content-type"]?.toString().split(";")[0]);
  });
});

describe("events as CloudEvents in JSON", () => {
  it("are valid for the CloudEvents SDK, with unchanged data", () => {
    fc.assert(
      fc.property(anyEvent, (input) => {
        const event = checkedEvent(input);
        const document = JSON.parse(JSON.stringify(cloudEventOf(event)));
        const parsed = new CloudEvent<unknown>(document);
        assert.equal(parsed.validate(), true);
        const { id, type, subject, time } = parsed;
        assert.deepEqual(
          [id, type, subject, time],
          [event.id, event.type, event.subject, new Date(event.timeMs).toISOString()],
        );
        if ("data" in document) {
          assert.deepEqual(document.data, JSON.parse(new TextDecoder().decode(event.data)));
        } else {
          assert.deepEqual(Buffer.from(document.data_base64 ?? "", "base64"), Buffer.from(event.data));
        }
      }),
      { numRuns: 300 },
    );
  });
});
