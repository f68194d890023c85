import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scope } from "@tutti/contracts/governance/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import { CredentialExpiry } from "./credential-expiry.ts";
import type { Visitor } from "./visitor.ts";

/** A person with a credential. Its id is empty if it comes from another issuer. */
function by(credential: string, person = "ada"): Visitor {
  const claims = { id: credential, namespace: "", groups: [], scope: Scope.create() };
  return { kind: "person", id: person, roles: [], credential: claims };
}

describe("the ends of keys and tokens", () => {
  function setup() {
    const time = new VirtualTime();
    const reported: boolean[] = [];
    const ends: CredentialExpiry = new CredentialExpiry({
      ...{ clock: time, timers: time },
      ended: () => reported.push(ends.hasExpired(by("first"), time.now())),
    });
    return { time, reported, ends, startMs: time.now() };
  }

  it("are reported when they occur, earliest first, in any order of registration", () => {
    const { time, reported, ends, startMs } = setup();
    ends.track(by("second"), startMs + 60_000);
    ends.track(by("first"), startMs + 5_000);
    ends.track(by("never"), Number.POSITIVE_INFINITY);
    time.advance(4_999);
    assert.deepEqual([reported, ends.hasExpired(by("first"), time.now())], [[], false]);
    time.advance(1_001);
    assert.deepEqual(reported, [true]);
    assert.equal(ends.hasExpired(by("second"), time.now()), false);
    time.advance(55_000);
    assert.equal(reported.length, 2);
    assert.equal(ends.hasExpired(by("second"), time.now()), true);
    time.advance(10_000_000);
    assert.equal(reported.length, 2);
    assert.equal(ends.hasExpired(by("never"), time.now()), false);
  });

  it("of tokens of another issuer, which have no id, count for their own callers alone", () => {
    const { time, reported, ends, startMs } = setup();
    const [ada, bob, browser] = [by(""), by("", "bob"), by("", "cleo")];
    const judged = { ...ada, roles: ["viewer"] };
    ends.track(bob, startMs + 60_000);
    ends.track(ada, startMs + 5_000);
    time.advance(6_000);
    const haveEnded = () => [judged, bob, browser].map((caller) => ends.hasExpired(caller, time.now()));
    assert.deepEqual([reported.length, haveEnded()], [1, [true, false, false]]);
    time.advance(60_000);
    assert.deepEqual([reported.length, haveEnded()], [2, [true, true, false]]);
  });

  it("that lie close together are reported together, and none after it is stopped", () => {
    const { time, reported, ends, startMs } = setup();
    for (let at = 0; at < 100; at++) ends.track(by(`token-${at}`), startMs + 5_000 + at);
    time.advance(7_000);
    assert.equal(reported.length, 1);
    ends.track(by("late"), startMs + 60_000);
    ends.stop();
    time.advance(100_000);
    assert.equal(reported.length, 1);
  });
});
