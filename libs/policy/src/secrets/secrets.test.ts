import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import {
  type Envelope,
  enveloped,
  resealed,
  type SealingKey,
  type SecretName,
  unwrapped,
} from "./envelope.ts";
import { openedBy, recipientKeyOf, sealedFor } from "./hpke.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
const secret = Buffer.from("correct horse battery staple");
const info = Buffer.from("tutti unseal v1");

function flipped(bytes: Uint8Array, place: number): Uint8Array {
  return bytes.map((byte, index) => (index === place % bytes.length ? byte ^ 1 : byte));
}

describe("sealing for a recipient", () => {
  it("matches the example of RFC 9180 (appendix A.1.1)", () => {
    const request = {
      cipher: "aes-128-gcm",
      recipientKey: hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
      info: hex("4f6465206f6e2061204772656369616e2055726e"),
      plain: hex("4265617574792069732074727574682c20747275746820626561757479"),
      also: hex("436f756e742d30"),
      ephemeral: hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"),
    } as const;
    const found = sealedFor(request);
    assert.equal(
      text(found.encapsulatedKey),
      "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    );
    assert.equal(
      text(found.sealed),
      "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    );
    const privateKey = hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
    assert.equal(text(openedBy({ ...request, ...found, privateKey })), text(request.plain));
  });

  const privateKey = new Uint8Array(32).fill(5);
  const sealed = sealedFor({
    ...{ recipientKey: recipientKeyOf(privateKey), info, plain: secret },
    ephemeral: new Uint8Array(32).fill(6),
  });

  it("opens only for the recipient, for the sealed purpose, and unchanged", () => {
    assert.equal(text(openedBy({ ...sealed, privateKey, info })), text(secret));
    assert.equal(openedBy({ ...sealed, privateKey: new Uint8Array(32).fill(7), info }), undefined);
    assert.equal(openedBy({ ...sealed, privateKey, info: Buffer.from("another") }), undefined);
    assert.equal(openedBy({ ...sealed, privateKey, info, also: Buffer.from("more") }), undefined);
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (place, inKey) => {
        const changed = inKey
          ? { encapsulatedKey: flipped(sealed.encapsulatedKey, place) }
          : { sealed: flipped(sealed.sealed, place) };
        assert.equal(openedBy({ ...sealed, ...changed, privateKey, info }), undefined);
      }),
    );
  });

  it("rejects a key that gives all callers the same secret, and opens no other bytes", () => {
    const recipientKey = new Uint8Array(32);
    assert.throws(() => sealedFor({ recipientKey, info, plain: secret, ephemeral: privateKey }));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        (encapsulatedKey, bytes) => {
          assert.equal(openedBy({ encapsulatedKey, sealed: bytes, privateKey, info }), undefined);
        },
      ),
    );
  });
});

describe("an envelope", () => {
  const name: SecretName = { namespace: "shop", name: "till", version: 3 };
  const sealing: SealingKey = { sealingKeyId: "one", key: new Uint8Array(32).fill(1) };
  const next: SealingKey = { sealingKeyId: "two", key: new Uint8Array(32).fill(2) };
  const envelope = enveloped(secret, name, sealing, seededChance(1));

  it("opens only with its sealing key and the name of its secret", () => {
    assert.equal(text(unwrapped(envelope, name, sealing)), text(secret));
    assert.ok(!Buffer.concat([envelope.key, envelope.value]).includes(secret));
    for (const other of [{ namespace: "bank" }, { name: "safe" }, { version: 4 }])
      assert.equal(unwrapped(envelope, { ...name, ...other }, sealing), undefined);
    for (const other of [next, { ...sealing, key: next.key }, { ...sealing, sealingKeyId: "two" }])
      assert.equal(unwrapped(envelope, name, other), undefined);
  });

  it("differs each time, also for the same secret", () => {
    const chance = seededChance(1);
    const [one, other] = [enveloped(secret, name, sealing, chance), enveloped(secret, name, sealing, chance)];
    assert.notEqual(text(one.value), text(other.value));
    assert.notEqual(text(one.key), text(other.key));
  });

  it("moves to another sealing key with its value unchanged, and the old key no longer opens it", () => {
    const moved = resealed(envelope, name, { from: sealing, to: next }, seededChance(1));
    assert.ok(moved !== undefined);
    assert.equal(text(moved.value), text(envelope.value));
    assert.equal(text(unwrapped(moved, name, next)), text(secret));
    assert.equal(unwrapped(moved, name, sealing), undefined);
    assert.equal(resealed(envelope, name, { from: next, to: sealing }, seededChance(1)), undefined);
  });

  it("does not open with one changed bit, or with parts of another envelope", () => {
    const another = enveloped(Buffer.from("another"), { ...name, name: "safe" }, sealing, seededChance(1));
    const changed = fc.oneof(
      fc.nat().map((place): Partial<Envelope> => ({ key: flipped(envelope.key, place) })),
      fc.nat().map((place): Partial<Envelope> => ({ value: flipped(envelope.value, place) })),
      fc.uint8Array({ maxLength: 64 }).map((value): Partial<Envelope> => ({ value })),
      fc.constant<Partial<Envelope>>({ value: another.value }),
      fc.constant<Partial<Envelope>>({ key: another.key }),
    );
    fc.assert(
      fc.property(changed, (parts) => {
        assert.equal(unwrapped({ ...envelope, ...parts }, name, sealing), undefined);
      }),
    );
  });
});
