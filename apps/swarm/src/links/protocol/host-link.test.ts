import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AgentFrame, Assign, HostFrame, Result } from "@tutti/contracts/agent/v1";
import { isTuttiError, type TuttiError } from "@tutti/kernel";
import fc from "fast-check";
import { AgentPeer, numberOf, token } from "./agent-peer.fixture.ts";
import { contentsOf, emptyContent } from "./contents.ts";
import { type Carrier, HostLink } from "./host-link.ts";

const times = { heartbeatMs: 5_000, resumeWindowMs: 60_000 };
const identity = { namespace: "default", pool: "default", agentId: "agent-1", incarnation: "1" };

function carrier(): Carrier & { closed: boolean; error: TuttiError | undefined; woken: number } {
  return {
    closed: false,
    error: undefined,
    woken: 0,
    wake() {
      this.woken++;
    },
    close(error) {
      this.closed = true;
      this.error = error;
    },
  };
}

function openLink() {
  const link = new HostLink("link-1", identity, times, 0);
  const stream = carrier();
  link.attach(stream, 0);
  return { link, stream, peer: new AgentPeer() };
}

const result = (number: number, bytes = 0) =>
  Result.fromPartial({
    token: token(number),
    outcome: { $case: "inlineOutput", value: new Uint8Array(bytes) },
  });
const assignment = (number: number) =>
  contentsOf(HostFrame.fromPartial({ assignments: [Assign.fromPartial({ token: token(number) })] }));

function refusedWith(code: string) {
  return (error: unknown) => isTuttiError(error) && error.code === code;
}

/**
 * Two ends and the wire between them. A wire that drops or doubles frames represents every way in which a
 * stream may fail. The end that notices a gap ends the stream, and the agent opens another one.
 */
class FaultyWire {
  readonly link = new HostLink("link-1", identity, times, 0);
  readonly peer = new AgentPeer();
  readonly received = { byHost: [] as number[], byAgent: [] as number[] };
  #stream = carrier();
  #toHost: AgentFrame[] = [];
  #toAgent: HostFrame[] = [];
  #nowMs = 0;
  #resumedAt = -1;
  #fruitless = 0;
  sent = { byHost: 0, byAgent: 0 };

  constructor() {
    this.link.attach(this.#stream, 0);
  }

  sendFromAgent(count: number): void {
    if (!this.peer.hasRoom) return;
    const results = Array.from({ length: count }, () => result(++this.sent.byAgent));
    this.#toHost.push(this.peer.frame({ results }));
  }

  sendFromHost(count: number): void {
    for (let index = 0; index < count; index++)
      for (const content of assignment(++this.sent.byHost)) this.link.send(content);
  }

  deliver(count: number): void {
    for (const frame of this.#toHost.splice(0, count)) this.#deliverToHost(frame);
    this.#pull();
    for (const frame of this.#toAgent.splice(0, count)) this.#deliverToAgent(frame);
  }

  drop(): void {
    this.#pull();
    this.#toHost.shift();
    this.#toAgent.shift();
  }

  double(): void {
    this.#pull();
    this.#toHost = this.#toHost.flatMap((frame) => [frame, frame]);
    this.#toAgent = this.#toAgent.flatMap((frame) => [frame, frame]);
  }

  /** Breaks the stream with all frames on it, or leaves it behind for a new one. */
  reconnect(isNoticed: boolean): void {
    if (isNoticed) this.link.detach(this.#stream, this.#nowMs);
    this.#stream = carrier();
    this.link.resume(this.peer.received);
    this.link.attach(this.#stream, this.#nowMs);
    this.#toAgent = [];
    this.#toHost = [...this.peer.resume(this.link.received)];
    this.#passOne();
  }

  /** Lets a frame pass from time to time: a wire that never delivers anything is another case. */
  #passOne(): void {
    this.#fruitless = this.link.received === this.#resumedAt ? this.#fruitless + 1 : 0;
    this.#resumedAt = this.link.received;
    if (this.#fruitless < 4) return;
    const [frame = this.peer.frame({}), ...rest] = this.#toHost;
    this.#toHost = rest;
    this.#deliverToHost(frame);
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    this.link.tick(this.#nowMs);
  }

  restore(): void {
    this.reconnect(true);
    for (let round = 0; round < 2_000 && this.#isBusy; round++) {
      this.deliver(100);
      this.pass(1);
      this.sendFromAgent(0);
    }
  }

  get #isBusy(): boolean {
    const { received, sent } = this;
    return received.byHost.length < sent.byAgent || received.byAgent.length < sent.byHost;
  }

  #pull(): void {
    for (;;) {
      const frame = this.link.next(this.#stream, this.#nowMs);
      if (frame === undefined) return;
      this.#toAgent.push(frame);
    }
  }

  #deliverToHost(frame: AgentFrame): void {
    try {
      if (!this.link.receive(frame, this.#nowMs)) return;
    } catch (error) {
      assert.ok(refusedWith("swarm.frame_missing")(error), String(error));
      this.link.closeStream(error as TuttiError, this.#nowMs);
      this.reconnect(true);
      return;
    }
    for (const { token } of frame.results) this.received.byHost.push(numberOf(token));
  }

  #deliverToAgent(frame: HostFrame): void {
    const arrival = this.peer.receive(frame);
    if (arrival === "gap") this.reconnect(true);
    if (arrival !== "next") return;
    for (const { token } of frame.assignments) this.received.byAgent.push(numberOf(token));
  }
}

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3).map((count) => (wire: FaultyWire) => wire.sendFromAgent(count)) },
  { weight: 4, arbitrary: fc.nat(3).map((count) => (wire: FaultyWire) => wire.sendFromHost(count)) },
  { weight: 6, arbitrary: fc.nat(4).map((count) => (wire: FaultyWire) => wire.deliver(count)) },
  { weight: 1, arbitrary: fc.constant((wire: FaultyWire) => wire.drop()) },
  { weight: 1, arbitrary: fc.constant((wire: FaultyWire) => wire.double()) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((isNoticed) => (wire: FaultyWire) => wire.reconnect(isNoticed)),
  },
  { weight: 1, arbitrary: fc.nat(6_000).map((ms) => (wire: FaultyWire) => wire.pass(ms)) },
);

describe("a link over a wire that drops, doubles and cuts", () => {
  it("delivers everything to both ends, once and in order", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: "max" }), (operations) => {
        const wire = new FaultyWire();
        for (const perform of operations) perform(wire);
        wire.restore();
        const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
        assert.deepEqual(wire.received.byHost, upTo(wire.sent.byAgent));
        assert.deepEqual(wire.received.byAgent, upTo(wire.sent.byHost));
      }),
      { numRuns: 300 },
    );
  });
});

describe("errors of an agent on its link", () => {
  it("a frame is missing", () => {
    const { link, peer } = openLink();
    peer.frame({});
    assert.throws(() => link.receive(peer.frame({}), 0), refusedWith("swarm.frame_missing"));
  });

  it("it acknowledges a frame that was never sent", () => {
    const { link, peer } = openLink();
    const frame = { ...peer.frame({}), acknowledged: 9 };
    assert.throws(() => link.receive(frame, 0), refusedWith("swarm.acknowledgement_ahead"));
  });

  it("an output is larger than 1 MiB, or a frame than 4", () => {
    const { link, peer } = openLink();
    const large = peer.frame({ results: [result(1, 1_048_577)] });
    assert.throws(() => link.receive(large, 0), refusedWith("swarm.payload_too_large"));
    const many = peer.frame({ results: [1, 2, 3, 4, 5].map((number) => result(number, 1_000_000)) });
    assert.throws(() => link.receive(many, 0), refusedWith("swarm.frame_too_large"));
  });

  it("it does not wait for acknowledgements", () => {
    const { link, peer } = openLink();
    for (let count = 0; count < 1_024; count++) link.receive(peer.frame({ credit: 1 }), 0);
    assert.throws(
      () => link.receive(peer.frame({ credit: 1 }), 0),
      refusedWith("swarm.too_much_unacknowledged"),
    );
  });

  it("it sends `hello` twice", () => {
    const { link, peer } = openLink();
    const repeated = peer.frame({ hello: { versionMin: 1 } as never });
    assert.throws(() => link.receive(repeated, 0), refusedWith("swarm.greeting_repeated"));
  });
});

describe("a link that is resumed again and again", () => {
  it("is closed if the agent's next frame never arrives, but not while frames arrive", () => {
    const { link, peer } = openLink();
    for (let round = 0; round < 20; round++) {
      link.resume(0);
      link.receive(peer.frame({}), 0);
    }
    for (let round = 0; round < 5; round++) link.resume(0);
    assert.throws(() => link.resume(0), refusedWith("swarm.link_stuck"));
  });
});

describe("a link of a host", () => {
  it("holds back contents beyond its window until the agent acknowledges", () => {
    const { link, stream, peer } = openLink();
    for (let number = 1; number <= 1_100; number++)
      for (const content of assignment(number)) link.send(content);
    let sent = 0;
    while (link.next(stream, 0) !== undefined) sent++;
    assert.equal(sent, 1_024);
    assert.ok(link.isClogged);

    link.receive({ ...peer.frame({}), acknowledged: 1_024 }, 0);
    assert.ok(!link.isClogged);
    while (link.next(stream, 0) !== undefined) sent++;
    assert.equal(sent, 1_100);
  });

  it("is clogged by 16 MiB that are not read", () => {
    const { link, stream } = openLink();
    const large = new Uint8Array(3 * 1_048_576);
    for (let count = 0; count < 8; count++) link.send(large);
    let sent = 0;
    while (link.next(stream, 0) !== undefined) sent++;
    assert.equal(sent, 6);
    assert.ok(link.isClogged);
  });

  it("sends an empty frame once per period while idle, and acknowledges with it", () => {
    const { link, stream, peer } = openLink();
    link.receive(peer.frame({}), 0);
    assert.equal(link.next(stream, 0), undefined);
    link.tick(4_999);
    assert.equal(link.next(stream, 4_999), undefined);
    link.tick(5_000);
    const frame = link.next(stream, 5_000);
    assert.deepEqual([frame?.sequence, frame?.acknowledged], [1, 1]);
    assert.equal(link.next(stream, 5_000), undefined);
  });

  it("acknowledges content at the next tick, and at once after many frames", () => {
    const { link, stream, peer } = openLink();
    link.receive(peer.frame({ results: [result(1)] }), 0);
    assert.equal(link.next(stream, 0), undefined);
    link.tick(100);
    assert.equal(link.next(stream, 100)?.acknowledged, 1);
    for (let count = 0; count < 32; count++) link.receive(peer.frame({ credit: 1 }), 100);
    assert.equal(link.next(stream, 100)?.acknowledged, 33);
  });

  it("expires when the window for a resumption is over", () => {
    const { link, stream } = openLink();
    link.detach(stream, 40_000);
    assert.equal(link.tick(99_999), false);
    assert.equal(link.tick(100_000), true);
  });

  it("closes the previous stream when another stream is attached", () => {
    const { link, stream } = openLink();
    const other = carrier();
    link.attach(other, 1);
    assert.equal(stream.error?.code, "swarm.stream_replaced");
    assert.equal(link.detach(stream, 2), false);
    assert.equal(link.phase, "linked");
    link.send(emptyContent());
    assert.equal(link.next(stream, 2), undefined);
    assert.equal(link.next(other, 2)?.sequence, 1);
  });

  it("sends queued frames even after its end", () => {
    const { link, stream } = openLink();
    for (const content of assignment(1)) link.send(content);
    link.close(undefined);
    assert.ok(stream.closed);
    assert.equal(link.next(stream, 0)?.assignments.length, 1);
  });
});
