import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bundle, BundleContent, type SigningKey } from "@tutti/contracts/governance/v1";
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { type Signer, signerOf } from "../audit/signing.ts";
import { endorsed, TrustedKeys } from "../audit/signing-keys.ts";
import { BundleCache, opened, sealed } from "./bundles.ts";

const startMs = 1_767_225_600_000;
const hourMs = 3_600_000;
const signer: Signer = signerOf(new Uint8Array(32).fill(1));
const stranger: Signer = signerOf(new Uint8Array(32).fill(9));
const noBytes = new Uint8Array(0);
const first: SigningKey = {
  ...{ signingKeyId: "one", publicKey: signer.publicKey, startTime: toTimestamp(startMs) },
  ...{ endTime: undefined, endorsement: noBytes },
};
const keys = new TrustedKeys(signer.publicKey, [first]);

function content(number: number, createdMs = startMs + number): BundleContent {
  return BundleContent.fromPartial({
    ...{ number, createTime: toTimestamp(createdMs), maxAgeMs: hourMs },
    policies: [
      { namespace: "system", policyId: `policy-${number}`, text: "permit(principal, action, resource);" },
    ],
  });
}

const bundle = (number: number, createdMs?: number): Bundle =>
  sealed(content(number, createdMs), { signingKeyId: "one", key: signer });

describe("a bundle", () => {
  it("opens to its sealed content", () => {
    assert.deepEqual(opened(bundle(1), keys), { kind: "opened", content: content(1) });
  });

  it("is refused when an untrusted key has signed it, under any name", () => {
    for (const signingKeyId of ["one", "other"]) {
      const found = opened(sealed(content(1), { signingKeyId, key: stranger }), keys);
      assert.equal(found.kind, "refused");
    }
  });

  it("is rejected when any byte of its content or envelope has changed", () => {
    const original = bundle(3);
    const changes = fc.oneof(
      fc
        .nat(original.content.length - 1)
        .map((place) => ({ ...original, content: flipped(original.content, place) })),
      fc
        .nat(original.signature.length - 1)
        .map((place) => ({ ...original, signature: flipped(original.signature, place) })),
      fc
        .constantFrom<Partial<Bundle>>(
          { number: 4 },
          { maxAgeMs: hourMs * 24 },
          { createTime: toTimestamp(startMs + hourMs) },
          { createTime: undefined },
          { signature: noBytes },
          { signingKeyId: "" },
          { content: noBytes },
        )
        .map((change) => ({ ...original, ...change })),
    );
    fc.assert(
      fc.property(changes, (changed) => {
        assert.equal(opened(changed, keys).kind, "refused");
      }),
    );
  });

  it("is rejected with the content of another signed bundle", () => {
    const [older, newer] = [bundle(1), bundle(2)];
    const mixed = { ...newer, content: older.content };
    const resigned = sealed({ ...content(2), number: 2 }, { signingKeyId: "one", key: signer });
    assert.equal(opened(mixed, keys).kind, "refused");
    assert.equal(opened(resigned, keys).kind, "opened");
  });

  it("is rejected from a key after its end, and accepted from the next key", () => {
    const next: Signer = signerOf(new Uint8Array(32).fill(2));
    const startTime = toTimestamp(startMs + hourMs);
    const second = endorsed({ signingKeyId: "two", publicKey: next.publicKey, startTime }, signer);
    const both = new TrustedKeys(signer.publicKey, [{ ...first, endTime: startTime }, second]);
    const late = content(1, startMs + 2 * hourMs);
    assert.equal(opened(sealed(late, { signingKeyId: "one", key: signer }), both).kind, "refused");
    assert.equal(opened(sealed(late, { signingKeyId: "two", key: next }), both).kind, "opened");
  });
});

describe("a keeper of bundles", () => {
  it("has none in force before the first", () => {
    assert.equal(new BundleCache(keys).inForce(startMs), undefined);
  });

  it("keeps its bundle when an older, equal or invalid one arrives", () => {
    const cache = new BundleCache(keys);
    accept(cache, bundle(5), startMs + 5);
    const others = [
      bundle(4),
      bundle(5),
      { ...bundle(6), signature: noBytes },
      { ...bundle(6), number: Number.NaN },
    ];
    for (const other of others) assert.equal(accept(cache, other, startMs + 10).kind, "refused");
    assert.equal(cache.inForce(startMs + 10)?.content.number, 5);
    assert.equal(accept(cache, bundle(6), startMs + 10).kind, "opened");
    assert.equal(cache.inForce(startMs + 10)?.content.number, 6);
  });

  it("has no bundle in force when the last one is too old, but still has the old one", () => {
    const cache = new BundleCache(keys);
    accept(cache, bundle(1, startMs), startMs + 10);
    assert.equal(cache.inForce(startMs + hourMs - 1)?.content.number, 1);
    assert.equal(cache.inForce(startMs + hourMs), undefined);
    assert.equal(cache.present?.content.number, 1);
  });

  it("measures the age from the arrival of a bundle whose clock is ahead", () => {
    const cache = new BundleCache(keys);
    accept(cache, bundle(1, startMs + 10 * hourMs), startMs);
    assert.equal(cache.inForce(startMs + hourMs), undefined);
  });
});

function accept(cache: BundleCache, bundle: Bundle, nowMs: number) {
  const found = cache.open(bundle);
  return found.kind === "opened" ? cache.accept(found.content, nowMs) : found;
}

function flipped(bytes: Uint8Array, place: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}
