/** Readiness of the members of a cluster, as they report it. */
import { isComplete } from "@tutti/nats/local";
import { requestTo } from "../effects/waiting.ts";
import type { Member } from "../plan/plan.ts";

const host = "127.0.0.1";

export interface Readiness {
  readonly isReady: boolean;
  /** Reason, if it is not ready. */
  readonly reason: string;
}

export function addressesOf({ kind, ports }: Pick<Member, "kind" | "ports">): {
  readonly http: string;
  readonly other: string;
} {
  const other = "grpc" in ports ? ports.grpc : ports.client;
  return {
    http: `http://${host}:${ports.http}`,
    other: `${kind === "nats" ? "nats://" : ""}${host}:${other}`,
  };
}

/** Returns the readiness of each member, in their order. */
export async function readinessOfAll(
  members: readonly Pick<Member, "kind" | "ports">[],
): Promise<readonly Readiness[]> {
  return await Promise.all(members.map(readinessOf));
}

export async function readinessOf(member: Pick<Member, "kind" | "ports">): Promise<Readiness> {
  const { http } = addressesOf(member);
  const path = member.kind === "nats" ? "/healthz" : "/readyz";
  try {
    const reply = await requestTo(`${http}${path}`);
    if (reply.ok) return { isReady: true, reason: "" };
    const { problems = [] } = (await reply.json()) as {
      problems?: readonly { component: string; reason: string }[];
    };
    return {
      isReady: false,
      reason: problems.map(({ component, reason }) => `${component}: ${reason}`).join("; "),
    };
  } catch {
    return { isReady: false, reason: `does not answer at ${http}${path}` };
  }
}

/** Returns whether the NATS servers have found each other. */
export function isNatsReady(members: readonly Pick<Member, "kind" | "ports">[]): Promise<boolean> {
  return isComplete(members.filter(({ kind }) => kind === "nats").map(({ ports }) => ports.http));
}
