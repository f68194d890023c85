import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { postedBody } from "./posted-events.ts";

const event = {
  specversion: "1.0",
  id: "1",
  source: "/shop",
  type: "shop.order.created",
  data: { total: 3 },
};

describe("posted events", () => {
  it("in structured mode are one event, with its extensions", () => {
    const body = postedBody({}, { ...event, traceparent: "00-a", sequence: 7 });
    assert.deepEqual(body, { events: [{ ...event, extensions: { traceparent: "00-a", sequence: "7" } }] });
  });

  it("have extensions with every digit, and the route refuses other values", () => {
    const body = postedBody(
      {},
      { ...event, serial: JSON.rawJSON("9007199254740993"), flag: true, none: null },
    );
    const extensions = { serial: "9007199254740993", flag: "true" };
    assert.deepEqual(body, { events: [{ ...event, extensions }] });
    const list = postedBody({}, { ...event, list: [1] });
    assert.deepEqual(list, { events: [{ ...event, extensions: { list: [1] } }] });
  });

  it("a batch is several", () => {
    assert.deepEqual(postedBody({}, [event, event]), { events: [event, event] });
  });

  it("in binary mode attributes are headers", () => {
    const { data, ...attributes } = event;
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]),
    );
    const body = postedBody(
      { ...headers, "ce-subject": "caf%C3%A9", "content-type": "application/json" },
      data,
    );
    const expected = { ...event, subject: "café", datacontenttype: "application/json" };
    assert.deepEqual(body, { events: [expected] });
  });

  it("in structured mode are one event even if specversion is missing", () => {
    const { specversion, ...incomplete } = event;
    for (const type of ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8"])
      assert.deepEqual(postedBody({ "content-type": type }, incomplete), { events: [incomplete] });
    assert.deepEqual(postedBody({ "content-type": "application/json" }, incomplete), incomplete);
  });

  it("in the format of the route stay unchanged", () => {
    assert.deepEqual(postedBody({}, { events: [event] }), { events: [event] });
    assert.deepEqual(postedBody({}, "nonsense"), "nonsense");
  });
});
