import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { agentLinkService } from "../generated/agent/v1.ts";
import { HostFrame } from "../generated/tutti/agent/v1/link.ts";
import { EncodedHostFrame } from "./encoded-host-frame.ts";
import { hostFrames } from "./messages.fixture.ts";

const codec = agentLinkService.methods.link.reply;

describe("an encoded frame of a host", () => {
  it("travels as the bytes it was made of, and not as another copy of them", () => {
    const bytes = codec.encode(HostFrame.fromPartial({ sequence: 7 }));
    assert.equal(codec.encode(new EncodedHostFrame(bytes)), bytes);
  });

  it("has every field of the frame that was encoded, for the caller that looks", () => {
    fc.assert(
      fc.property(hostFrames, (frame) => {
        const bytes = codec.encode(frame);
        const encoded = new EncodedHostFrame(bytes);
        const seen = Object.fromEntries(
          Object.keys(frame).map((key) => [key, encoded[key as keyof HostFrame]]),
        );
        assert.deepEqual(seen, { ...codec.decode(bytes) });
        assert.deepEqual(HostFrame.encode(encoded).finish(), bytes);
      }),
      { numRuns: 60 },
    );
  });
});
