/**
 * A worker and a host with random faults: streams break, frames are lost, and the host forgets results that were not
 * durable. In every case each task runs once and its result arrives.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AgentFrame, type Assign, HostFrame } from "@tutti/contracts/agent/v1";
import { type Chance, sleep } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { assignOf, stage } from "./memory-host.fixture.ts";

const slots = 6;
const steps = 120;

/** The state that outlives hosts. */
interface Installation {
  readonly durable: Set<number>;
  readonly assigned: Map<number, Assign>;
}

/** State of one link at its host. */
class HostLink {
  readonly installation: Installation;
  /** Number of frames received from the agent. */
  received = 0;
  /** Sent frames. Number 1 is at index 0. */
  readonly sent: Uint8Array[] = [];
  /** Tokens of results, in the order of their arrival. */
  readonly results: number[] = [];
  durableUpTo = 0;
  credit = 0;
  /** Position of the next frame in the stream's frames. */
  at = 1;

  constructor(installation: Installation) {
    this.installation = installation;
  }

  receive(frame: AgentFrame): void {
    this.at++;
    if (frame.sequence <= this.received) return;
    assert.equal(frame.sequence, this.received + 1, "frames come without gaps");
    this.received = frame.sequence;
    assert.ok(frame.acknowledged <= this.sent.length, "nothing is acknowledged that was not sent");
    this.credit += frame.credit;
    assert.ok(this.credit <= slots, `credit for at most ${slots}, got ${this.credit}`);
    for (const { token } of frame.results) this.results.push(token[0] ?? 0);
  }
}

class World {
  readonly all = stage({ slots });
  readonly chance: Chance;
  readonly calls = new Map<number, number>();
  readonly installation: Installation = { durable: new Set(), assigned: new Map() };
  link = new HostLink(this.installation);
  next = 1;

  constructor(seed: number) {
    this.chance = seededChance(seed);
    this.all.worker.handle("work", async (token: number) => {
      this.calls.set(token, (this.calls.get(token) ?? 0) + 1);
      if (this.upTo(3) > 0) await sleep(this.all.time, this.upTo(400));
      return token;
    });
  }

  upTo(most: number): number {
    return Math.floor(this.chance.random() * (most + 1));
  }

  /** Sends a frame that arrives, or is lost in transit when the stream breaks. */
  send(frame: Partial<HostFrame>, arrives: boolean): void {
    const { link } = this;
    const bytes = HostFrame.encode(
      HostFrame.fromPartial({ ...frame, sequence: link.sent.length + 1, acknowledged: link.received }),
    ).finish();
    link.sent.push(bytes);
    if (arrives) this.all.host.stream.events.frame(bytes);
  }

  assign(arrives: boolean): void {
    const assignments: Assign[] = [];
    while (this.link.credit > 0 && this.next < 250 && assignments.length < 3) {
      const token = this.next++;
      const assign = assignOf(token, {}, token);
      this.installation.assigned.set(token, assign);
      this.link.credit--;
      assignments.push(assign);
    }
    if (assignments.length > 0) this.send({ assignments }, arrives);
  }

  receiveSome(most: number): void {
    const { frames } = this.all.host.stream;
    for (let count = 0; count < most; count++) {
      const frame = frames[this.link.at];
      if (frame === undefined) return;
      this.link.receive(frame);
    }
  }

  reportDurable(arrives: boolean): void {
    const { link, installation } = this;
    const upTo = link.durableUpTo + this.upTo(link.results.length - link.durableUpTo);
    for (const token of link.results.slice(0, upTo)) installation.durable.add(token);
    const [beyond] = link.results.length > upTo + 1 ? [upTo + 2] : [];
    if (beyond !== undefined) installation.durable.add(link.results[beyond - 1] ?? 0);
    link.durableUpTo = upTo;
    this.send({ resultsDurable: upTo, resultsDurableBeyond: beyond === undefined ? [] : [beyond] }, arrives);
  }

  async disconnect(): Promise<void> {
    const { host, pass } = this.all;
    const before = host.streams.length;
    host.disconnect();
    while (host.streams.length === before) await pass(500);
    await this.greet();
  }

  async greet(): Promise<void> {
    const { host, settle } = this.all;
    const { resume, running } = host.hello;
    if (resume !== undefined && this.upTo(2) > 0) {
      this.link.at = 1;
      host.welcome({ resumed: true, received: this.link.received, linkId: resume.linkId });
      for (const bytes of this.link.sent.slice(resume.received)) host.stream.events.frame(bytes);
    } else {
      // The host is new, or has forgotten results that were not durable.
      const { durable, assigned } = this.installation;
      const there = new Set(running.map(([token]) => token ?? 0));
      const unwanted = running.filter(([token]) => durable.has(token ?? 0));
      this.link = new HostLink(this.installation);
      host.welcome({ unwanted });
      await settle();
      this.receiveSome(Number.POSITIVE_INFINITY);
      const reassigned = [...assigned].filter(([token]) => !durable.has(token) && !there.has(token));
      for (const [, assign] of reassigned) {
        this.link.credit--;
        this.send({ assignments: [assign] }, true);
      }
    }
    await settle();
  }

  async step(): Promise<void> {
    const { settle, pass } = this.all;
    switch (this.upTo(9)) {
      case 0:
        // Frames are in transit in both directions.
        if (this.upTo(1) === 0) this.assign(false);
        if (this.upTo(1) === 0) this.reportDurable(false);
        return this.disconnect();
      case 1:
      case 2:
        return pass(this.upTo(300));
      case 3:
      case 4:
        this.reportDurable(true);
        break;
      case 5:
      case 6:
        this.receiveSome(this.upTo(4));
        break;
      default:
        this.receiveSome(1);
        this.assign(true);
    }
    return settle();
  }

  /** Completes all tasks without further faults. */
  async finish(): Promise<void> {
    const { pass } = this.all;
    for (let round = 0; round < 50 && !this.isDone; round++) {
      this.receiveSome(Number.POSITIVE_INFINITY);
      this.send({ resultsDurable: this.link.results.length }, true);
      for (const token of this.link.results) this.installation.durable.add(token);
      this.link.durableUpTo = this.link.results.length;
      await pass(500);
    }
  }

  get isDone(): boolean {
    const { durable, assigned } = this.installation;
    return durable.size === assigned.size && this.link.durableUpTo === this.link.results.length;
  }
}

describe("a worker whose streams break off", () => {
  it("does each task once, and loses no result", async () => {
    let tasks = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const world = new World(seed);
      await world.all.link();
      world.receiveSome(1);
      try {
        for (let step = 0; step < steps; step++) await world.step();
        await world.finish();
        const { durable, assigned } = world.installation;
        assert.deepEqual(
          [...assigned.keys()].filter((token) => !durable.has(token)),
          [],
          "results that never came",
        );
        assert.deepEqual(
          [...world.calls].filter(([, count]) => count > 1),
          [],
          "tasks done more than once",
        );
        assert.equal(world.calls.size, assigned.size);
        tasks += assigned.size;
        const stopped = world.all.worker.stop();
        await world.all.settle();
        assert.ok(world.all.host.stream.isEnded, "everything is known to be durable");
        await world.all.pass(3_000);
        await stopped;
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    assert.ok(tasks > 1_000, `${tasks}`);
  });
});
