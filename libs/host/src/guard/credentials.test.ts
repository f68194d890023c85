import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BundleContent, type Lockout } from "@tutti/contracts/governance/v1";
import { toTimestamp } from "@tutti/kernel";
import { Credentials } from "./credentials.ts";

const startMs = 1_000_000;

describe("a lock-out of this process", () => {
  const reported: Lockout[] = [];
  const settings = { installation: "i", failuresBeforeLockout: 1, lockoutMs: 600_000, skewMs: 0 };
  const locked = () => {
    reported.length = 0;
    const credentials = new Credentials(settings, new Uint8Array(32), [], (lockouts) =>
      reported.push(...lockouts),
    );
    for (let failure = 0; failure < 2; failure++) credentials.recordFailure("here", "key", startMs);
    assert.equal(reported.length, 1);
    return credentials;
  };
  const bundle = (createMs: number, lockouts: Lockout[] = []) =>
    BundleContent.fromPartial({ createTime: toTimestamp(createMs), lockouts });
  const isLocked = (credentials: Credentials) =>
    credentials.recordFailure("here", "key", startMs + 10_000) !== undefined;

  it("ends when it was lifted before the first bundle that would have it", () => {
    const credentials = locked();
    credentials.recorded(reported, startMs + 1_000);
    credentials.renew(bundle(startMs + 2_000));
    assert.equal(isLocked(credentials), false);
  });

  it("lasts until governance has recorded it, and older bundles do not lift it", () => {
    const credentials = locked();
    credentials.renew(bundle(startMs + 500));
    assert.equal(isLocked(credentials), true);
    credentials.recorded(reported, startMs + 1_000);
    credentials.renew(bundle(startMs + 900));
    assert.equal(isLocked(credentials), true);
    credentials.renew(bundle(startMs + 2_000, [...reported]));
    assert.equal(isLocked(credentials), true);
    credentials.renew(bundle(startMs + 3_000));
    assert.equal(isLocked(credentials), false);
  });
});
