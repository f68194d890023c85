import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { SessionUpdates } from "./session-updates.ts";

const key = { namespace: "default", kind: "session", id: "one" };
const other = { ...key, id: "other" };
const second = 1_000;

function setUp() {
  const time = new VirtualTime();
  const news = new SessionUpdates(time);
  const stopping = new AbortController();
  const received: string[] = [];
  const listen = (of: typeof key, name = of.id) =>
    news.of(of, second, stopping.signal).then(() => received.push(name));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { time, news, stopping, received, listen, settled };
}

describe("news of sessions", () => {
  it("wake all that wait for that session, and no others", async () => {
    const { news, received, listen, settled } = setUp();
    listen(key, "first");
    listen(key, "second");
    listen(other);
    news.publish(key);
    await settled();
    assert.deepEqual(received, ["first", "second"]);
  });

  it("are no longer waited for when a while has passed", async () => {
    const { time, received, listen, settled } = setUp();
    listen(key);
    time.advance(second - 1);
    await settled();
    assert.deepEqual(received, []);
    time.advance(1);
    await settled();
    assert.deepEqual(received, ["one"]);
  });

  it("reach a new listener, after any earlier updates", async () => {
    const { news, received, listen, settled } = setUp();
    listen(key);
    news.publish(key);
    listen(key, "again");
    await settled();
    assert.deepEqual(received, ["one"]);
    news.publish(key);
    await settled();
    assert.deepEqual(received, ["one", "again"]);
  });

  it("end with the signal, also for later listeners", async () => {
    const { stopping, received, listen, settled } = setUp();
    listen(key);
    stopping.abort();
    listen(other);
    await settled();
    assert.deepEqual(received.toSorted(), ["one", "other"]);
  });
});
