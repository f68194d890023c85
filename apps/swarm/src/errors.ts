import { counted, defineErrors, durationText } from "@tutti/kernel";

interface PlacementLookup {
  readonly work: string;
  readonly task: string;
  readonly pool: string;
  /** Time before which placements were dropped. 0 for none. */
  readonly goneMs: number;
}

/** The memory of placements is bounded. */
function forgottenText(goneMs: number): string {
  return goneMs === 0 ? "" : `. Placements until ${new Date(goneMs).toISOString()} were dropped`;
}

/** Errors between agents, pools and senders of tasks. */
export const swarmErrors = defineErrors("swarm", {
  greetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first frame of each stream of a link must have the number 0 and contain only `hello`. No other frame may contain `hello`.",
    message: ({ found }: { found: string }) =>
      `The first frame of the stream must be \`hello\` with the number 0, and was ${found}`,
    remedy: "Send `hello` first.",
  },
  greetingLate: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A stream was opened and no hello arrived on it in time (`swarm.links.greetingMs`).",
    message: ({ waitedMs }: { waitedMs: number }) =>
      `The stream received no \`hello\` within ${durationText(waitedMs)}`,
    remedy: "Send `hello` as soon as the stream is open.",
  },
  greetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A stream of a link accepts `hello` once. Open another stream to send it again.",
    message: ({ agent }: { agent: string }) => `Agent \`${agent}\` sent \`hello\` twice on one stream`,
    remedy: "Open a new stream to send it again.",
  },
  versionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Agent and host have no version of the protocol in common. Use a library of the agent that belongs to the release of the platform.",
    message: ({ min, max, own }: { min: number; max: number; own: number }) =>
      `The agent speaks versions ${min} to ${max} of the link protocol, and this host speaks version ${own}`,
    remedy: "Update the SDK of the agent or the platform.",
  },
  linkUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "This host does not know the link: its resume window expired, it ended, or it was at another host. Send `hello` with the offering and the tokens of running tasks.",
    message: ({ link }: { link: string }) =>
      `Link \`${link}\` cannot be resumed, because this host does not know it`,
    remedy: "Send `hello` again with the offering and the running tokens.",
  },
  linkOfAnother: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A link is resumed by the incarnation of the agent that opened it, in the same pool, and by no other agent.",
    message: ({ link, agent }: { link: string; agent: string }) =>
      `Agent \`${agent}\` cannot resume link \`${link}\` of another agent`,
    remedy: "Open a new link.",
  },
  notGranted: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The key or token of the agent limits its pools, capabilities and slots (`scope.agent`), and does not grant this offering. Grants of the agent's principal (`agent`) count as well. The violations name each part. Offer only granted parts, or get a key or token that grants more.",
    message: ({ found }: { found: string }) =>
      `The credential of the agent does not grant its offering: ${found}`,
    remedy: "Remove that from the offering, or use a credential that grants it.",
  },
  agentOfAnother: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Governance knows the agent with this id by its own key, role or principal, and the credential belongs to another identity. All other ids are free, so the processes of a fleet with a shared key can choose their own.",
    message: ({ agent, found }: { agent: string; found: string }) =>
      `The caller ${found} may not use the agent id \`${agent}\``,
    remedy: ({ agent }: { agent: string; found: string }) =>
      `Use a credential of agent:${agent}, or another id.`,
  },
  frameMissing: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "Frames of a link are numbered without gaps, and a frame is missing. The stream ends, and a new stream resumes the link after the last received frame.",
    message: ({ expected, found }: { expected: number; found: number }) =>
      `Frame ${expected} is missing: frame ${found} arrived instead`,
    remedy: "Resume the link on a new stream and repeat the missing frames.",
  },
  acknowledgementAhead: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The agent acknowledged a frame that was never sent. Acknowledge the number of the last received frame.",
    message: ({ sent, found }: { sent: number; found: number }) =>
      `The agent acknowledged frame ${found}, and the last frame sent is ${sent}`,
    remedy: "Acknowledge received frames only.",
  },
  frameTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A frame of a link exceeds the maximum size that the welcome states. Send smaller frames, and put large payloads into the blob store.",
    message: ({ bytes, max }: { bytes: number; max: number }) =>
      `The frame has more than ${bytes} bytes, and the maximum is ${max}`,
    remedy: "Send smaller frames.",
  },
  payloadTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A payload in a frame exceeds the maximum size that the welcome states. Put a larger payload into the blob store and send the reference.",
    message: ({ what, bytes, max }: { what: string; bytes: number; max: number }) =>
      `${what} has ${bytes} bytes, more than the maximum of ${max}`,
    remedy: "Put the payload into the blob store and send a reference.",
  },
  tooMuchUnacknowledged: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A side with 1,024 frames or 16 MiB unacknowledged must wait for an acknowledgement before it sends more. This agent did not wait, or does not read its stream.",
    message: ({ frames, bytes }: { frames: number; bytes: number }) =>
      `The agent sent ${frames} frames (${bytes} bytes) without waiting for acknowledgements`,
    remedy: "Read from the stream, and wait for acknowledgements.",
  },
  linkStuck: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The link was resumed repeatedly, and each time the stream broke before the agent's next frame arrived. A frame above the maximum message size causes this. The agent's tasks went to other agents.",
    message: ({ agent, frame, times }: { agent: string; frame: number; times: number }) =>
      `The stream of agent \`${agent}\` broke ${counted(times, "time")} before frame ${frame} arrived`,
    remedy: "Open a new link and send smaller frames.",
  },
  streamReplaced: {
    status: "ABORTED",
    retry: "never",
    help: "The agent opened another stream for the same link. This stream ends.",
    message: ({ agent }: { agent: string }) =>
      `Agent \`${agent}\` resumed its link on another stream, so this stream ends`,
    remedy: "Continue on the new stream.",
  },
  hostStopping: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The swarm process is shutting down. The agent reconnects with a back-off to another process, or to this process after its restart.",
    message: () => "This swarm process is shutting down",
    remedy: "Reconnect with a back-off.",
  },
  poolUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no pool with this name. The pool `default` always exists. Create other pools with `tutti pool create`, or list them in `swarm.pools`.",
    message: ({ namespace, pool }: { namespace: string; pool: string }) =>
      `Pool \`${pool}\` not found in namespace \`${namespace}\``,
    remedy: ({ pool }: { namespace: string; pool: string }) =>
      `Create it with \`npx tutti pool create ${pool}\`, or use \`default\`.`,
  },
  taskUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The pool does not have this task now, and remembers no placement of it. The task waits at its source, ended long ago, or was never offered. Run `tutti why` for the run or mission.",
    message: ({ work, task, pool, goneMs }: PlacementLookup) =>
      `Task \`${task}\` of ${work} is not in pool \`${pool}\` now${forgottenText(goneMs)}`,
    remedy: "Run `tutti why` for the run or mission.",
  },
  agentHeld: {
    status: "FAILED_PRECONDITION",
    // An automatic retry would repeat until its deadline: an operator must release the agent first.
    retry: "never",
    help: "The agent is paused, quarantined, or locked out because its attempts fail or it reconnects too often. It gets no tasks. End a pause with `tutti agent resume`, and any other hold with `tutti agent release`. Then claim again.",
    message: ({ agent, isPaused, reason }: { agent: string; isPaused: boolean; reason: string }) =>
      `Agent \`${agent}\` is ${isPaused ? "paused" : "locked out"}${reason && `: ${reason}`}`,
    remedy: ({ isPaused }: { agent: string; isPaused: boolean; reason: string }) =>
      isPaused
        ? "Resume it with `tutti agent resume`, then claim again."
        : "Release it with `tutti agent release`, then claim again.",
  },
  tokenMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A token is 32 hexadecimal digits, as it was claimed.",
    message: ({ found }: { found: string }) => `\`token\`: expected 32 hexadecimal digits, got ${found}`,
    remedy: "Send the token of the claim.",
  },
  attemptUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The agent does not have this attempt: it never received it, its lease expired, or it has already answered. No action is needed.",
    message: ({ agent, token }: { agent: string; token: string }) =>
      `Agent \`${agent}\` has no attempt with the token ${token}`,
    remedy: "Ignore the result: the attempt has ended.",
  },
  attemptUnclaimed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The pool was just opened, and no run or mission has offered the attempt to it yet. After a change of owner, the offer arrives within seconds. If it never arrives, the pool or the token is wrong, or the task is no longer needed.",
    message: ({ pool, token }: { pool: string; token: string }) =>
      `Pool \`${pool}\` does not know the attempt ${token} yet`,
    remedy: "Check the name of the pool, or send the result again.",
  },
  leaseOver: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A polling agent claimed the task and neither answered nor renewed its lease in time.",
    message: ({ agent, leaseMs }: { agent: string; leaseMs: number }) =>
      `Agent \`${agent}\` neither answered nor renewed its lease within ${durationText(leaseMs)}`,
    remedy: "Renew the lease in time, or retry the task.",
  },
  claimDiffers: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another claim of this agent. Use a new key for each claim.",
    message: ({ key }: { key: string }) =>
      `The idempotency key \`${key}\` was already used for another claim`,
    remedy: "Use a new key.",
  },
  poolElsewhere: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The pool is owned by another swarm process, or is about to be, and could not be reached in time. Retry: the pool has an owner again soon.",
    message: ({ owner }: { owner: string }) =>
      `The owner of the pool cannot be reached${owner && ` at ${owner}`}`,
    remedy: "Reconnect in a moment.",
  },
  poolMovedOn: {
    status: "ABORTED",
    retry: "never",
    help: "The process that requested or reported the links of a pool no longer owns it: the pool has moved.",
    message: ({ pool, found, known }: { pool: string; found: number; known: number }) =>
      `Pool \`${pool}\` has moved: its epoch is ${known}, and the request has ${found}`,
    remedy: "Look up the current owner.",
  },
  rollIncomplete: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A process that releases a pool sends its agents to the next owner in parts, and marks the last part. Without the last part, the owner ignores the list and waits for agents as after a crash.",
    message: ({ agents }: { agents: number }) =>
      `The list of agents ended after ${counted(agents, "agent")} without its last part`,
    remedy: "Send the rest, or the whole list again.",
  },
  rollTooLong: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A process that releases pools sends the list of their agents to the next owner. The list exceeds its maximum, so the owner waits for agents as after a crash.",
    message: ({ limit }: { limit: number }) => `The pools that move together have more than ${limit} agents`,
    remedy: "Distribute the agents over more partitions.",
  },
  tooMuchUnsettled: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Another process owns the agent's pool, and has not confirmed results of the agent as durable for a long time. The host stores no more of these results. The agent keeps its results and sends `hello` again.",
    message: ({ agent, bytes, max }: { agent: string; bytes: number; max: number }) =>
      `Agent \`${agent}\` has ${bytes} bytes of unconfirmed results, more than the maximum of ${max}`,
    remedy: "Wait, then open a new link.",
  },
  relayGreetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first request of a relay must be `hello` with the host and the pool. No other request may contain `hello`.",
    message: () => "The first request of the stream must be `hello`",
    remedy: "Send `hello` first.",
  },
  relayGreetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A relay accepts `hello` once and serves one pool. Open another stream for another pool.",
    message: () => "The stream received `hello` twice",
    remedy: "Open another stream.",
  },
  relayVersionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Host and owner share no version of the relay protocol. Run the same release on both sides.",
    message: ({ found, own }: { found: number; own: number }) =>
      `The host speaks version ${found} of the relay protocol, and this process speaks version ${own}`,
    remedy: "Run the same release on both sides.",
  },
  offerGreetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first request of a stream of offers must be `hello` with the sender and its first pool. No other request may contain `hello`.",
    message: () => "The first request of the stream must be `hello`",
    remedy: "Send `hello` first.",
  },
  offerGreetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A stream of offers accepts `hello` once. Open further pools with `pools`.",
    message: () => "The stream received `hello` twice",
    remedy: "Open further pools with `pools`.",
  },
  offerVersionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Sender and owner share no version of the offer protocol. Run the same release on both sides.",
    message: ({ found, own }: { found: number; own: number }) =>
      `The sender speaks version ${found} of the offer protocol, and this process speaks version ${own}`,
    remedy: "Run the same release on both sides.",
  },
  agentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The pool has no agent with this id: it never joined, left, or was silent for too long. List agents with ListAgents.",
    message: ({ pool, agent }: { pool: string; agent: string }) =>
      `Agent \`${agent}\` not found in pool \`${pool}\``,
    remedy: "List agents with `tutti agent list`.",
  },
});
