import type { EngineCall } from "../engine-host.ts";

/** Messages to the archive's thread. Engines have numbers. Every message gets an answer, except for `open`. */
export type ToThread =
  | { readonly kind: "open"; readonly engine: number; readonly file: string }
  | {
      readonly kind: "call";
      readonly id: number;
      readonly engine: number;
      readonly call: EngineCall;
      readonly values: readonly unknown[];
    }
  | { readonly kind: "close"; readonly id: number; readonly engine: number };
