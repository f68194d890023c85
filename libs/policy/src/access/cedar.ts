/**
 * Cedar itself, loaded with the first policy: it takes 6 MiB, which an installation without policies need not
 * have.
 */
import type * as wasm from "@cedar-policy/cedar-wasm/nodejs";

export type Cedar = Pick<
  typeof wasm,
  | "policySetTextToParts"
  | "policyToJson"
  | "policyToText"
  | "preparsePolicySet"
  | "statefulIsAuthorized"
  | "validate"
  | "formatPolicies"
>;
export type CedarPolicyJson = wasm.PolicyJson;
export type CedarEntity = wasm.EntityJson;
export type CedarValue = wasm.CedarValueJson;

export async function loadCedar(): Promise<Cedar> {
  const loaded: Cedar | { readonly default: Cedar } = await import("@cedar-policy/cedar-wasm/nodejs");
  // It is a CommonJS package: a bundle with chunks has it only as the default export.
  return "default" in loaded ? loaded.default : loaded;
}

/** Returns an error of Cedar as a text, with its advice. */
export function errorText({ message, help, sourceLocations }: wasm.DetailedError): string {
  const label = sourceLocations?.[0]?.label;
  return [message, label, help]
    .filter((part) => part !== null && part !== undefined && part !== "")
    .join(": ");
}
