import { RestartableHost } from "@tutti/host/testing";
import { type CallContext, isTuttiError, localAdministrator, type Principal } from "@tutti/kernel";
import { governance } from "../src/service.ts";

/** A process with only this service. */
export type Serving = RestartableHost;

export const Serving = {
  open: (): Promise<Serving> =>
    RestartableHost.open({ name: "governance", services: [governance], transport: "in-process" }),
};

/** Returns options of a call that is made during another caller's call. */
export function as({ host }: Serving, principal: Principal): { readonly context: CallContext } {
  const trace = { traceId: "0".repeat(31).concat("1"), spanId: "0".repeat(15).concat("1"), sampled: false };
  const { logger } = host.telemetry;
  const signal = new AbortController().signal;
  const call = { namespace: "default", deadlineMs: Number.POSITIVE_INFINITY, signal, trace, logger };
  return { context: { ...call, principal, idempotencyKey: "" } };
}

/** Returns a person who shows a key or token. */
export function person(id: string, credential: NonNullable<Principal["credential"]>): Principal {
  // Without enforcement, roles let it pass.
  return { kind: "person", id, roles: localAdministrator.roles, credential };
}

export const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;
