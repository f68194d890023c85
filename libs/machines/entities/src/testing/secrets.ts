/** Random commands to the secrets of a namespace: few names and versions, so that they interact. */
import { EndSecret, NoteSecretUses, ResealSecrets, StoreSecret } from "@tutti/contracts/governance/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const secretsKey: InstanceKey = { namespace: "shop", kind: "secrets", id: "shop" };

type Stored = Parameters<typeof StoreSecret.fromPartial>[0];

/** Returns a value for a secret, in an envelope that is never opened. */
export function storing(name: string, version: number, fields: Stored = {}): StoreSecret {
  const envelope = { sealingKeyId: "one", key: bytes(name, "key"), value: bytes(name, `value ${version}`) };
  return StoreSecret.fromPartial({ secret: { name }, version: { version, envelope }, ...fields });
}

function bytes(...parts: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(parts.join(" ")));
}

export function operations(): Arbitrary<MachineCall> {
  const name = fc.constantFrom("till", "safe", "");
  const version = fc.constantFrom(1, 2, 3, 4);
  const keyId = fc.constantFrom("one", "two");
  const store = fc
    .record({
      ...{ name, version },
      intent: fc.constantFrom("", "", "first", "second"),
      overlapMs: fc.constantFrom(0, 0, 60_000),
      rotateMs: fc.constantFrom(0, 90_000_000),
      labels: fc.constantFrom({}, { team: "a", area: "b" }),
    })
    .map(({ name: of, version: number, intent, overlapMs, rotateMs, labels }) => {
      const { version: newVersion } = storing(of, number);
      const secret = { name: of, labels };
      return StoreSecret.fromPartial({ secret, version: { ...newVersion, intent }, overlapMs, rotateMs });
    });
  const end = fc
    .record({ name, versions: fc.array(version, { maxLength: 2 }) })
    .map((fields) => EndSecret.fromPartial(fields));
  const key = fc.record({ name, version, fromKeyId: keyId, sealingKeyId: keyId });
  const reseal = fc
    .array(key, { maxLength: 3 })
    .map((keys) => ResealSecrets.fromPartial({ keys: keys.map((each) => ({ ...each, key: bytes("new") })) }));
  const use = fc
    .array(fc.record({ name, version }), { maxLength: 2 })
    .map((uses) => NoteSecretUses.fromPartial({ uses, work: { kind: "run", id: "run_1" } }));
  const call = (weight: number, command: string, body: Arbitrary<object>) => ({
    weight,
    arbitrary: fc.record({ key: fc.constant(secretsKey), command: fc.constant(command), body }),
  });
  return fc.oneof(
    call(6, "store_secret", store),
    call(2, "end_secret", end),
    call(2, "reseal_secrets", reseal),
    call(3, "note_secret_uses", use),
  );
}
