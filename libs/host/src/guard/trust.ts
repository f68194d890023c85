import { SigningKey } from "@tutti/contracts/governance/v1";
import { TrustedKeys } from "@tutti/policy";

/** By a setting: `key_01J…:` and 32 bytes as base64url. */
export function trustIn(setting: string): TrustedKeys {
  const colon = setting.lastIndexOf(":");
  const publicKey = Uint8Array.from(Buffer.from(setting.slice(colon + 1), "base64url"));
  return trustOf(SigningKey.fromPartial({ signingKeyId: setting.slice(0, colon), publicKey }));
}

export function trustOf(key: SigningKey): TrustedKeys {
  return new TrustedKeys(key.publicKey, [key]);
}
