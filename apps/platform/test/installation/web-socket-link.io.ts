import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

/** A frame as JSON, independent of the language. */
interface Frame {
  readonly sequence?: number;
  readonly welcome?: { linkId: string; resumed?: boolean; received?: number };
  readonly refused?: { error: { code: string; message: string } };
  readonly assignments?: readonly { token: string; inlineInput?: string; taskId: string }[];
  readonly resultsDurable?: number;
  readonly cancels?: readonly { token: string; reason: string }[];
}

/** An agent that sends JSON over a WebSocket, like an agent in a browser tab. */
class Tab {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly closed: Promise<CloseEvent>;
  #wake = () => {};
  #isClosed = false;
  #sequence = 0;
  received = 0;

  constructor(url: string) {
    this.#socket = new WebSocket(url.replace("http", "ws").concat("/v1/link"));
    this.#socket.binaryType = "arraybuffer";
    const { promise, resolve } = Promise.withResolvers<CloseEvent>();
    this.closed = promise;
    this.#socket.onclose = (event) => {
      resolve(event);
      this.#isClosed = true;
      this.#wake();
    };
    this.#socket.onmessage = ({ data }) => {
      const isText = typeof data === "string";
      const frame: Frame = isText
        ? JSON.parse(data)
        : HostFrame.toJSON(HostFrame.decode(new Uint8Array(data)));
      this.received = Math.max(this.received, frame.sequence ?? 0);
      this.#frames.push(frame);
      this.#wake();
    };
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve();
      this.#socket.onerror = () => reject(new Error("the WebSocket did not open"));
    });
  }

  greet(agentId: string, resume?: { linkId: string; received: number }): void {
    const capabilities = [{ name: "tab.greet", version: "1.0.0" }];
    const hello = {
      versionMin: 1,
      versionMax: 1,
      agentId,
      incarnation: "1",
      offering: { slots: 2, capabilities },
    };
    this.raw(JSON.stringify({ hello: resume === undefined ? hello : { ...hello, resume } }));
  }

  send(frame: object): void {
    this.raw(JSON.stringify({ sequence: ++this.#sequence, acknowledged: this.received, ...frame }));
  }

  raw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** Reconnects: numbers continue at their last value. */
  continue(sequence: number): void {
    this.#sequence = sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  async until<Found>(find: (frame: Frame) => Found | undefined): Promise<Found> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        const found = find(frame);
        if (found !== undefined) return found;
      }
      if (this.#isClosed) throw new Error(`the connection was closed: ${(await this.closed).reason}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): Promise<CloseEvent> {
    this.#socket.close();
    return this.closed;
  }
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const definition = `workflow: greeting
tasks: {greet: {uses: tab.greet, with: {name: "\${{ input.name }}"}}}
output: "\${{ tasks.greet.output }}"
`;

describe("the link over WebSocket", () => {
  let installation: Installation;
  let tutti: Tutti;
  const assigned = (tab: Tab) => tab.until(({ assignments = [] }) => assignments[0]);

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await connect({ address: installation.address });
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it("sends tasks to an agent that speaks JSON, and accepts its results", async () => {
    const tab = new Tab(installation.host.url);
    await tab.opened();
    tab.greet("tab-1");
    await tab.until(({ welcome }) => welcome);
    tab.send({ credit: 2 });
    const run = await tutti.run("greeting", { input: { name: "Ada" } });
    const { token, inlineInput = "", taskId } = await assigned(tab);
    assert.deepEqual(JSON.parse(Buffer.from(inlineInput, "base64").toString()), { name: "Ada" });
    assert.equal(taskId, "greet");
    tab.send({ results: [{ token, inlineOutput: base64("Hello, Ada"), runMs: 3 }], credit: 1 });
    assert.equal(await run.result(), "Hello, Ada");
    await tab.until(({ resultsDurable }) => resultsDurable);
    await tab.close();
  });

  it("continues over a new connection: running work is done once", async () => {
    const before = new Tab(installation.host.url);
    await before.opened();
    before.greet("tab-2");
    const { linkId } = await before.until(({ welcome }) => welcome);
    before.send({ credit: 2 });
    const run = await tutti.run("greeting", { input: { name: "Ben" } });
    const { token } = await assigned(before);
    await before.close();

    const resumed = new Tab(installation.host.url);
    await resumed.opened();
    resumed.greet("tab-2", { linkId, received: before.received });
    assert.equal((await resumed.until(({ welcome }) => welcome)).resumed, true);
    resumed.continue(before.sequence);
    resumed.received = before.received;
    resumed.send({ results: [{ token, inlineOutput: base64("Hello again, Ben") }] });
    assert.equal(await run.result(), "Hello again, Ben");
    await resumed.close();
  });

  it("carries protobuf in binary messages too, and answers in kind", async () => {
    const tab = new Tab(installation.host.url);
    await tab.opened();
    const hello = { versionMin: 1, versionMax: 1, agentId: "tab-3", incarnation: "1" };
    tab.raw(Uint8Array.from(AgentFrame.encode(AgentFrame.fromPartial({ hello })).finish()));
    assert.notEqual((await tab.until(({ welcome }) => welcome)).linkId, "");
    await tab.close();
  });

  it("names the error in a message that is no frame, and ends only that connection", async () => {
    const cases = [
      ["no JSON", /JSON/],
      ["[]", /no JSON object/],
      ['{"hallo": {}}', /the field hallo, which a frame does not have/],
    ] as const;
    for (const [text, pattern] of cases) {
      const tab = new Tab(installation.host.url);
      await tab.opened();
      tab.raw(text);
      const { error } = await tab.until(({ refused }) => refused);
      assert.equal(error.code, "link.frame_malformed");
      assert.match(error.message, pattern);
      assert.equal((await tab.closed).code, 1007);
    }
  });

  it("refuses a greeting that breaks the protocol in the protocol's own words", async () => {
    const tab = new Tab(installation.host.url);
    await tab.opened();
    tab.raw(
      JSON.stringify({ hello: { versionMin: 900, versionMax: 900, agentId: "old", incarnation: "1" } }),
    );
    const { error } = await tab.until(({ refused }) => refused);
    assert.match(error.message, /version/);
    await tab.closed;
  });

  it("is refused to a page of another origin", async () => {
    const url = installation.host.url.concat("/v1/link");
    const headers = {
      ...{ connection: "Upgrade", upgrade: "websocket", origin: "http://elsewhere.example" },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
    };
    const { request } = await import("node:http");
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(url, { headers });
      outgoing.on("response", ({ statusCode }) => resolve(statusCode));
      outgoing.on("upgrade", () => resolve(101));
      outgoing.on("error", reject);
      outgoing.end();
    });
    assert.equal(status, 403);
  });
});
