/** The first frame of each stream, and the host's answer to it. */
import { type AgentFrame, type Hello, HostFrame } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Owner, type TuttiError, toErrorDetail } from "@tutti/kernel";
import type { Joined } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import { defaultPool } from "../pools/pool-directory.ts";
import type { HostLink } from "./protocol/host-link.ts";
import { linkLimits } from "./protocol/limits.ts";
import type { LinkSettings } from "./settings.ts";

/** The version of the protocol that this host speaks, and the only one there has been. */
const linkVersion = 1;

/** Returns the greeting of a first frame. Throws if it is none, or has an unsupported version. */
export function requireGreeting(frame: AgentFrame): Hello {
  const { hello, sequence } = frame;
  if (hello === undefined || sequence !== 0 || !isHelloOnly(frame)) {
    const found =
      hello === undefined ? "a frame without hello" : sequence !== 0 ? `hello in frame ${sequence}` : "more";
    throw swarmErrors.greetingExpected({ found });
  }
  const { versionMin: min, versionMax: max } = hello;
  if (min > linkVersion || max < linkVersion)
    throw swarmErrors.versionUnsupported({ min, max, own: linkVersion });
  return hello;
}

/** Returns the requested pool of an agent. */
export function placeOf({ namespace, pool }: Pick<Hello, "namespace" | "pool">): {
  readonly namespace: string;
  readonly pool: string;
} {
  return { namespace: namespace || defaultNamespace, pool: pool || defaultPool };
}

export interface Welcoming extends Pick<Joined, "capabilityNumbers" | "unwanted" | "held"> {
  readonly link: HostLink;
  readonly settings: LinkSettings;
  readonly resumed: boolean;
}

export function welcome({ link, settings, resumed, ...joined }: Welcoming): HostFrame {
  const { capabilityNumbers, unwanted, held } = joined;
  const { heartbeatMs, leaseMs, resumeWindowMs, startedAfterMs } = settings;
  return {
    ...HostFrame.create(),
    answer: {
      $case: "welcome",
      value: {
        linkId: link.id,
        version: linkVersion,
        agentId: link.identity.agentId,
        resumed,
        received: resumed ? link.received : 0,
        // A link that continues keeps its numbers.
        capabilityNumbers: resumed ? undefined : { numbers: capabilityNumbers },
        unwanted: [...unwanted],
        heartbeatMs,
        leaseMs,
        resumeWindowMs,
        startedAfterMs,
        maxFrameBytes: settings.frameBytesMax,
        maxInlineBytes: linkLimits.payloadBytesMax,
        held,
      },
    },
  };
}

/** Returns the redirection to the owner of the pool. Undefined if impossible, or if no owner is known. */
export function redirection({ hello }: AgentFrame, owner: Owner | undefined): HostFrame | undefined {
  if (hello?.canFollow !== true || owner === undefined || owner.address === "") return undefined;
  const { address, instance, epoch } = owner;
  return {
    ...HostFrame.create(),
    answer: { $case: "redirect", value: { address, instance, epoch, delayMs: 0 } },
  };
}

export function refusal(error: TuttiError): HostFrame {
  return { ...HostFrame.create(), answer: { $case: "refused", value: { error: toErrorDetail(error) } } };
}

function isHelloOnly(frame: AgentFrame): boolean {
  const { started, progress, partialOutputs, results, credit, acknowledged } = frame;
  const lists = started.length + progress.length + partialOutputs.length + results.length;
  const others = frame.heartbeat ?? frame.offering ?? frame.drain ?? frame.sleep ?? frame.wake ?? frame.bye;
  return lists === 0 && credit === 0 && acknowledged === 0 && others === undefined;
}
