/**
 * The reply to each kind of invalid message from an agent, over both transports. The guide must describe it: each field
 * of a frame has a row there, with the code tested here and the rules of the conformance program.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { errorFromUnknown } from "@tutti/kernel";
import { MemoryOwnership, Mesh } from "@tutti/mesh";
import { conformanceRules } from "@tutti/sdk/conformance";
import { Installation } from "./installation.ts";

type FrameInput = Parameters<typeof AgentFrame.fromPartial>[0];

const token = new Uint8Array(16).fill(7);
const noToken = new Uint8Array(3);
const tooLong = "x".repeat(4_097);
const output = (bytes: number) => ({ $case: "inlineOutput" as const, value: new Uint8Array(bytes) });
const helloOf = (agentId: string) => ({
  ...{ versionMin: 1, versionMax: 1, agentId, incarnation: "1" },
  offering: { slots: 1, capabilities: [{ name: "test.wrong", version: "1.0.0" }] },
});

const invalid = "mesh.invalid_request";
/** The first frame after the welcome, and the code of the error that ends the stream. Empty for no effect. */
const wrongs: readonly (readonly [field: keyof AgentFrame, what: string, frame: FrameInput, code: string])[] =
  [
    ["sequence", "a gap", { sequence: 9 }, "swarm.frame_missing"],
    ["sequence", "0", { sequence: 0 }, "swarm.frame_missing"],
    ["acknowledged", "what was never sent", { acknowledged: 900 }, "swarm.acknowledgement_ahead"],
    ["started", "no token", { started: [{ token: noToken }] }, invalid],
    ["started", "an attempt that it does not have", { started: [{ token }] }, ""],
    [
      "progress",
      "more to be kept than 64 KiB",
      { progress: [{ token, saved: new Uint8Array(65_537) }] },
      invalid,
    ],
    ["progress", "an attempt that it does not have", { progress: [{ token, fraction: 0.5 }] }, ""],
    [
      "partialOutputs",
      "a piece of more than 64 KiB",
      { partialOutputs: [{ token, chunk: new Uint8Array(65_537) }] },
      invalid,
    ],
    ["partialOutputs", "an attempt that it does not have", { partialOutputs: [{ token }] }, ""],
    ["results", "no outcome", { results: [{ token }] }, invalid],
    [
      "results",
      "more than 1 MiB",
      { results: [{ token, outcome: output(1_048_577) }] },
      "swarm.payload_too_large",
    ],
    ["results", "an attempt that it does not have", { results: [{ token, outcome: output(0) }] }, ""],
    ["credit", "more than it has slots", { credit: 4_000_000_000 }, ""],
    ["hello", "a second one", { hello: helloOf("again") }, "swarm.greeting_repeated"],
    ["heartbeat", "more slots than there may be", { heartbeat: { freeSlots: 100_001 } }, invalid],
    ["offering", "no version", { offering: { capabilities: [{ name: "a.b", version: "two" }] } }, invalid],
    ["offering", "less than nothing", { offering: { resources: { gpu: -1 } } }, "matching.offering_invalid"],
    ["drain", "a time below 0", { drain: { deadlineMs: -1 } }, invalid],
    ["sleep", "a time below 0", { sleep: { forMs: -1 } }, invalid],
    ["wake", "too many words", { wake: { reason: tooLong } }, invalid],
    ["bye", "too many words", { bye: { reason: tooLong } }, invalid],
  ];

/** Speaks over a stream of one transport: sends frames, and returns the code that ended the stream. */
type Exchange = (
  greeting: FrameInput,
  answer: (received: HostFrame["answer"]) => readonly FrameInput[],
) => Promise<string>;

describe("a frame that is wrong", () => {
  let installation: Installation;
  let mesh: Mesh;
  before(async () => {
    installation = await Installation.open([], { time: "real" });
    const { address } = installation;
    const ownership = new MemoryOwnership({ fallback: () => ({ instance: "platform", address, epoch: 1 }) });
    mesh = new Mesh({ settings: { peers: { swarm: [address] } }, ownership });
  });
  after(async () => {
    await mesh?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  const overGrpc: Exchange = async (greeting, answer) => {
    const replies = Promise.withResolvers<readonly FrameInput[]>();
    async function* frames() {
      yield AgentFrame.fromPartial(greeting);
      for (const frame of await replies.promise) yield AgentFrame.fromPartial(frame);
      await ended.promise;
    }
    const ended = Promise.withResolvers<void>();
    try {
      for await (const frame of mesh.client(agentLinkService, { service: "swarm" }).link(frames()))
        if (frame.answer !== undefined) replies.resolve(answer(frame.answer));
      return "";
    } catch (error) {
      return errorFromUnknown(error).code;
    } finally {
      ended.resolve();
    }
  };

  const overWebSocket: Exchange = async (greeting, answer) => {
    const socket = new WebSocket(installation.host.url.replace("http", "ws").concat("/v1/link"));
    const closed = Promise.withResolvers<CloseEvent>();
    const send = (frame: FrameInput) =>
      socket.send(JSON.stringify(AgentFrame.toJSON(AgentFrame.fromPartial(frame))));
    socket.onclose = (event) => closed.resolve(event);
    socket.onopen = () => send(greeting);
    socket.onmessage = ({ data }) => {
      const frame = HostFrame.fromJSON(JSON.parse(data));
      if (frame.answer !== undefined) for (const reply of answer(frame.answer)) send(reply);
    };
    const { code, reason } = await closed.promise;
    return code === 1_000 ? "" : (reason.split(":")[0] ?? "");
  };

  for (const [transport, exchange] of [
    ["gRPC", overGrpc],
    ["a WebSocket", overWebSocket],
  ] as const)
    for (const [field, title, frame, code] of wrongs)
      it(`over ${transport}, ${field}: ${title}, ${code === "" ? "changes nothing" : `gets ${code}`}`, async () => {
        const agentId = `${transport.slice(-4)}-${field}-${title.length}`.replaceAll(" ", "-");
        let welcomes = 0;
        const found = await exchange({ hello: helloOf(agentId) }, (answer) => {
          if (answer?.$case !== "welcome") return [];
          welcomes++;
          // After a frame without effect, a goodbye ends the stream gracefully.
          return [
            { sequence: 1, ...frame },
            { sequence: 2, bye: { reason: "done" } },
          ];
        });
        assert.equal(found, code);
        assert.equal(welcomes, 1);
      });

  it("is in the guide, as every field of a frame is, with its code and its rules", async () => {
    const guide = await readFile(new URL("../../../../docs/guides/agents.md", import.meta.url), "utf8");
    const tables = ["AgentFrame", "HostFrame"].map((name) => rowsOf(guide, name));
    const { answer: _, ...ofHost } = HostFrame.create();
    const answers = ["welcome", "redirect", "refused"];
    const expected = [Object.keys(AgentFrame.create()), [...Object.keys(ofHost), ...answers]];
    for (const [at, rows] of tables.entries())
      assert.deepEqual(rows.map(([field = ""]) => camel(field)).toSorted(), expected[at]?.toSorted());
    const rules = conformanceRules.map(({ id }) => id);
    const named = tables.flat().flatMap((row) => codesIn(row.at(-1) ?? ""));
    assert.deepEqual(
      named.filter((id) => !rules.includes(id)),
      [],
      "rules that the program has",
    );
    for (const row of tables.flat())
      assert.notEqual(codesIn(row.at(-1) ?? "").length, 0, `a rule for ${row[0]}`);
    assert.deepEqual(
      rules.filter((id) => !named.includes(id)),
      [],
      "every rule is named",
    );
    for (const [field, , , code] of wrongs) {
      const row = tables[0]?.find(([name = ""]) => camel(name) === field);
      assert.ok(code === "" || row?.[2]?.includes(code), `${field}: the guide says ${code}`);
    }
  });
});

/** Returns the rows of the table that starts with a message's name. */
function rowsOf(guide: string, name: string): string[][] {
  const [, after = ""] = guide.split(`| field of \`${name}\` |`);
  const lines = after.split("\n").slice(2);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** Returns the TypeScript name of `partial_outputs` in code style. */
const camel = (field: string): string =>
  field.replaceAll("`", "").replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
