import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Assign, HostFrame } from "@tutti/contracts/agent/v1";
import fc from "fast-check";
import { token } from "./agent-peer.fixture.ts";
import { contentsOf, emptyContent, headerBytes, numbered } from "./contents.ts";
import { CreditLoan } from "./credit-loan.ts";
import { isAfter, nextNumber, stepsBetween } from "./frame-number.ts";
import { ReceivedFrames } from "./received-frames.ts";
import { SentFrames } from "./sent-frames.ts";

const greatest = 0xffff_ffff;

describe("numbers of frames", () => {
  it("go from the greatest to 1", () => {
    assert.deepEqual([nextNumber(0), nextNumber(1), nextNumber(greatest)], [1, 2, 1]);
    assert.equal(stepsBetween(greatest - 1, 3), 4);
    assert.ok(isAfter(2, greatest) && !isAfter(greatest, 2));
    assert.equal(stepsBetween(0, 5), 5);
  });

  it("are received and acknowledged across the wrap-around", () => {
    const sent = new SentFrames<number>({ frames: 10, bytes: 1_000 }, greatest - 2);
    const received = new ReceivedFrames(greatest - 2);
    const numbers = [1, 2, 3, 4].map((frame) => {
      const number = sent.next;
      sent.add(frame, 1);
      assert.equal(received.arrivalOf(number), "next");
      received.accept(true, 1);
      assert.equal(received.arrivalOf(number), "repeated");
      return number;
    });
    assert.deepEqual(numbers, [greatest - 1, greatest, 1, 2]);
    assert.ok(sent.acknowledge(greatest));
    assert.deepEqual(sent.pending(), [3, 4]);
    assert.ok(sent.acknowledge(greatest - 1), "an older acknowledgement changes nothing");
    assert.equal(sent.unacknowledged, 2);
    assert.ok(!sent.acknowledge(3));
    assert.ok(sent.acknowledge(2));
    assert.equal(sent.unacknowledgedBytes, 0);
  });
});

describe("contents of frames", () => {
  it("can be prefixed with any numbers", () => {
    const numbers = fc.integer({ min: 0, max: greatest });
    fc.assert(
      fc.property(numbers, numbers, fc.array(numbers, { maxLength: 3 }), (sequence, acknowledged, beyond) => {
        const [content] = contentsOf(HostFrame.fromPartial({ resultsDurableBeyond: beyond }));
        const bytes = numbered(content ?? emptyContent(), sequence, acknowledged);
        assert.deepEqual(
          HostFrame.decode(bytes),
          HostFrame.fromPartial({ sequence, acknowledged, resultsDurableBeyond: beyond }),
        );
      }),
    );
  });

  it("are split in order if a frame would exceed 4 MiB, with the other contents at the end", () => {
    const value = new Uint8Array(1_000_000);
    const assignments = Array.from({ length: 9 }, (_, number) =>
      Assign.fromPartial({ token: token(number), input: { $case: "inlineInput", value } }),
    );
    const contents = contentsOf(
      HostFrame.fromPartial({ assignments, resultsDurable: 3, cancels: [{ token: token(0) }] }),
    );
    assert.ok(contents.every(({ length }) => length <= 4 * 1_048_576));
    const frames = contents.map((content) => HostFrame.decode(content.subarray(headerBytes)));
    assert.deepEqual(
      frames.flatMap((frame) => frame.assignments.map((assign) => assign.token)),
      assignments.map((assign) => assign.token),
    );
    assert.deepEqual([frames.at(-1)?.resultsDurable, frames.at(-1)?.cancels.length], [3, 1]);
  });
});

describe("credit", () => {
  it("is lent in parts, as it is used, and not while the link is clogged", () => {
    const loan = new CreditLoan(10);
    loan.grant(25);
    assert.equal(loan.lend(false), 10);
    assert.equal(loan.lend(false), 0);
    loan.used(4);
    assert.equal(loan.lend(true), 0);
    assert.equal(loan.lend(false), 4);
    loan.void();
    assert.deepEqual([loan.unlent, loan.lend(false)], [0, 0]);
    loan.grant(3);
    assert.equal(loan.lend(false), 3);
  });
});
