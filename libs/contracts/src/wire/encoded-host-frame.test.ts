import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { agentLinkService } from "../generated/agent/v1.ts";
import { HostFrame } from "../generated/tutti/agent/v1/link.ts";
import { EncodedHostFrame } from "./encoded-host-frame.ts";
import { hostFrames } from "./messages.fixture.ts";

const codec = agentLinkService.methods.link.reply;

describe("an encoded frame of a host", () => {
  it("is sent as its original bytes, without a copy", () => {
    const bytes = codec.encode(HostFrame.fromPartial({ sequence: 7 }));
    assert.equal(codec.encode(new EncodedHostFrame(bytes)), bytes);
  });

  it("has every field of the original frame", () => {
    fc.assert(
      fc.property(hostFrames, (frame) => {
        const bytes = codec.encode(frame);
        const encoded = new EncodedHostFrame(bytes);
        const values = Object.fromEntries(
          Object.keys(frame).map((key) => [key, encoded[key as keyof HostFrame]]),
        );
        assert.deepEqual(values, { ...codec.decode(bytes) });
        assert.deepEqual(HostFrame.encode(encoded).finish(), bytes);
      }),
      { numRuns: 60 },
    );
  });
});
