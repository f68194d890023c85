import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { codecOf } from "../codec.ts";
import { agentLinkService } from "../generated/agent/v1.ts";
import { AgentFrame, HostFrame } from "../generated/tutti/agent/v1/link.ts";
import type { MessageCodec } from "../rpc.ts";
import { readAgentFrame, readHostFrame } from "./link-frames.ts";
import { agentFrames, dailyAgentFrames, dailyHostFrames, hostFrames } from "./messages.fixture.ts";

/** Undefined if they are refused. */
function readOrRefused<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return read(bytes);
  } catch (error) {
    assert.ok(error instanceof Error);
    return;
  }
}

interface Kind<T> {
  readonly codec: MessageCodec<T>;
  readonly read: (bytes: Uint8Array) => T;
  readonly any: fc.Arbitrary<T>;
  readonly daily: fc.Arbitrary<T>;
}

function describeKind<T>(name: string, { codec, read, any, daily }: Kind<T>): void {
  describe(`${name} read by the hand-written decoder`, () => {
    it("are the messages that the generated decoder reads, with rare fields and without", () => {
      for (const frames of [any, daily]) {
        fc.assert(
          fc.property(frames, (frame) => {
            const bytes = codec.encode(frame);
            assert.deepEqual(read(bytes), codec.decode(bytes));
            // As transports return them: a Buffer in the middle of a larger one.
            const received = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
            assert.deepEqual(codec.encode(read(received)), bytes);
          }),
          { numRuns: 60 },
        );
      }
    });

    it("with any byte changed give the same as the generated decoder, or are refused", () => {
      fc.assert(
        fc.property(daily, fc.nat(), fc.nat(255), (frame, place, value) => {
          const bytes = codec.encode(frame);
          if (bytes.length > 0) bytes[place % bytes.length] = value;
          const ours = readOrRefused(read, bytes);
          if (ours !== undefined) assert.deepEqual(ours, codec.decode(bytes));
        }),
        { numRuns: 500 },
      );
    });

    it("cut off anywhere are refused or have fewer fields", () => {
      const bytes = codec.encode(fc.sample(daily, { numRuns: 1, seed: 5 })[0] as T);
      for (let length = 0; length < bytes.length; length++) {
        const part = bytes.subarray(0, length);
        const ours = readOrRefused(read, part);
        if (ours !== undefined) assert.deepEqual(ours, codec.decode(part));
      }
    });
  });
}

describeKind("frames of agents", {
  codec: codecOf(AgentFrame),
  read: readAgentFrame,
  any: agentFrames,
  daily: dailyAgentFrames,
});
describeKind("frames of hosts", {
  codec: codecOf(HostFrame),
  read: readHostFrame,
  any: hostFrames,
  daily: dailyHostFrames,
});

describe("the contract of the link", () => {
  it("uses the hand-written decoders for both kinds of frames", () => {
    const { request, reply } = agentLinkService.methods.link;
    assert.deepEqual([request.decode, reply.decode], [readAgentFrame, readHostFrame]);
  });
});
