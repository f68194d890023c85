import { counted, defineErrors } from "@tutti/kernel";

interface PlacementLookup {
  readonly work: string;
  readonly task: string;
  readonly pool: string;
  /** Up to when placements were let go; 0 for none. */
  readonly goneMs: number;
}

/** Memory of what was placed is bounded. */
function goneText(goneMs: number): string {
  return goneMs === 0 ? "" : `, and what was placed until ${new Date(goneMs).toISOString()} was let go`;
}

/** What can go wrong between agents, pools and those who have tasks. */
export const swarmErrors = defineErrors("swarm", {
  greetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first frame of each stream of a link is the greeting: it has the number 0 and nothing but `hello`. No other frame has one.",
    message: ({ found }: { found: string }) =>
      `expected the first frame of the stream to be a greeting, with the number 0 and hello alone, found ${found}; send hello first`,
  },
  greetingLate: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A stream was opened and nobody said hello on it in time (`swarm.links.greetingMs`).",
    message: ({ waitedMs }: { waitedMs: number }) =>
      `expected a greeting within ${waitedMs} ms, found none; say hello as soon as the stream is open`,
  },
  greetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A link is greeted once per stream. To say hello again, open another stream.",
    message: ({ agent }: { agent: string }) =>
      `expected one greeting per stream, found another one of agent ${agent}; open a new stream to greet again`,
  },
  versionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Agent and host have no version of the protocol in common. Use a library of the agent that belongs to the release of the platform.",
    message: ({ min, max, own }: { min: number; max: number; own: number }) =>
      `expected an agent that speaks version ${own} of the link's protocol, found ${min} to ${max}; update the agent's library or the platform`,
  },
  linkUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The link that is to be resumed is not known here: its time is over, it was ended, or it was at another host. Say hello with the offering, and with the tokens that are still at work.",
    message: ({ link }: { link: string }) =>
      `expected a link that can be resumed, found none with the id ${link}; say hello again with the offering and the tokens at work`,
  },
  linkOfAnother: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A link is resumed by the incarnation of the agent that opened it, in the same pool, and by nobody else.",
    message: ({ link, agent }: { link: string; agent: string }) =>
      `expected link ${link} to be resumed by the agent that opened it, found ${agent}; open a link of its own`,
  },
  notGranted: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The key or token of the agent says which pools it may join, which capabilities it may offer and in how many slots (`scope.agent`), and this is not among it; what is said of the agent itself (`agent` of the principal) counts as well. The violations name each part. Offer only what is granted, or get a key or token that grants more.",
    message: ({ found }: { found: string }) =>
      `expected an agent to offer only what its key or token grants, found ${found}; leave that out, or show a key or token that grants it`,
  },
  agentOfAnother: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The id is that of an agent that governance knows, by a key, a role or a principal of its own, and what was shown stands for somebody else. Ids that no such agent has are free, so the processes of a fleet that shares a key may make up their own.",
    message: ({ agent, found }: { agent: string; found: string }) =>
      `expected agent:${agent} itself to go by the id ${agent}, found ${found}; show a key or token of agent:${agent}, or go by another id`,
  },
  frameMissing: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "Frames of a link are numbered without gaps. One was left out: the stream ends, and a new one resumes the link where it stands.",
    message: ({ expected, found }: { expected: number; found: number }) =>
      `expected frame ${expected}, found ${found}; resume the link on a new stream and repeat what is missing`,
  },
  acknowledgementAhead: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A frame was acknowledged that was never sent. Acknowledge the number of the last frame that was taken in.",
    message: ({ sent, found }: { sent: number; found: number }) =>
      `expected an acknowledgement of frames up to ${sent}, found one of ${found}; acknowledge what was taken in`,
  },
  frameTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A frame of a link has at most as many bytes as the welcome says. Send less in one frame, and put large payloads into the blob store.",
    message: ({ bytes, max }: { bytes: number; max: number }) =>
      `expected a frame of at most ${max} bytes, found more than ${bytes}; send less in one frame`,
  },
  payloadTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A payload within a frame has at most as many bytes as the welcome says. Put a larger one into the blob store and send the reference.",
    message: ({ what, bytes, max }: { what: string; bytes: number; max: number }) =>
      `expected ${what} of at most ${max} bytes, found ${bytes}; put it into the blob store and send a reference`,
  },
  tooMuchUnacknowledged: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A side that has 1,024 frames or 16 MiB unacknowledged waits for an acknowledgement before it sends more. This agent did not wait, or does not read what it is sent.",
    message: ({ frames, bytes }: { frames: number; bytes: number }) =>
      `expected the agent to wait for acknowledgements, found ${frames} frames of ${bytes} bytes sent without; read what is sent, and wait`,
  },
  linkStuck: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The link was resumed again and again, and each time the stream broke before the agent's next frame got through, as it does for one that is larger than any message may be. What the agent had has gone to others.",
    message: ({ agent, frame, times }: { agent: string; frame: number; times: number }) =>
      `expected frame ${frame} of agent ${agent} to get through, found that the stream broke ${counted(times, "time")} before it; send less in one frame, and say hello anew`,
  },
  streamReplaced: {
    status: "ABORTED",
    retry: "never",
    help: "The agent opened another stream for the same link; this one ends.",
    message: ({ agent }: { agent: string }) =>
      `agent ${agent} resumed its link on another stream, so this one ends`,
  },
  hostStopping: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The swarm process stops. The agent connects to another one, or to this one when it is back, with a back-off.",
    message: () => "this swarm process is stopping; connect again, with a back-off",
  },
  poolUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No pool of this name is in the namespace. The one named `default` is always there; others are made (`tutti pool create`), or named by `swarm.pools`.",
    message: ({ namespace, pool }: { namespace: string; pool: string }) =>
      `expected a pool of namespace ${namespace}, found none with the name ${pool}; create it, or use default`,
  },
  taskUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No such task is in the pool at present, nor among those that it remembers to have placed: it waits where it came from, has ended long ago, or was never offered. Ask the run or mission why.",
    message: ({ work, task, pool, goneMs }: PlacementLookup) =>
      `expected task ${task} of ${work} in pool ${pool}, found none there now${goneText(goneMs)}; ask the ${work.split(" ")[0]} itself why`,
  },
  agentHeld: {
    status: "FAILED_PRECONDITION",
    // Whoever repeated it by itself would do so until its time is over: somebody has to let the agent go first.
    retry: "never",
    help: "The agent is paused, quarantined, or held back because its attempts fail or it comes and goes too quickly: it gets no tasks until that is over. `tutti agent resume` ends a pause, `tutti agent release` the others; then claim again.",
    message: ({ agent, isPaused, reason }: { agent: string; isPaused: boolean; reason: string }) =>
      `expected agent ${agent} to be free to work, found it ${isPaused ? "paused" : "held back"}${reason && `: ${reason}`}; ${isPaused ? "resume" : "release"} it, then claim again`,
  },
  tokenMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A token is 32 hexadecimal digits, as it was claimed.",
    message: ({ found }: { found: string }) =>
      `expected a token of 32 hexadecimal digits, found ${found}; send it as it was claimed`,
  },
  attemptUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The agent does not have this attempt: it was never given it, its lease ran out, or it has answered already. Nothing has to be done.",
    message: ({ agent, token }: { agent: string; token: string }) =>
      `expected an attempt that agent ${agent} has, found none with the token ${token}; there is nothing to be done`,
  },
  attemptUnclaimed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The pool has just been opened, and no run or mission has offered the attempt to it yet. After a change of owners the offer comes within seconds. If it never comes, the pool or the token is wrong, or the task is no longer wanted.",
    message: ({ pool, token }: { pool: string; token: string }) =>
      `Pool ${pool} does not know the attempt ${token} yet. Check the name of the pool, or send the result again.`,
  },
  leaseOver: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "An agent that polls had claimed the task and neither answered nor renewed its lease in time.",
    message: ({ agent, leaseMs }: { agent: string; leaseMs: number }) =>
      `expected agent ${agent} to answer or to renew its lease within ${leaseMs} ms, found neither; try it again`,
  },
  claimDiffers: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another claim of this agent. Use a new key for each claim.",
    message: ({ key }: { key: string }) =>
      `expected the claim that was first made under the key ${key}, found another one; use a new key`,
  },
  poolElsewhere: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The pool is owned by another swarm process, or is about to be, and nobody could be reached there in time. Come again; the pool has an owner again soon.",
    message: ({ owner }: { owner: string }) =>
      `expected the owner of the agent's pool to be reachable${owner && ` at ${owner}`}, found that it is not, or none yet; come again`,
  },
  poolMovedOn: {
    status: "ABORTED",
    retry: "never",
    help: "Whoever asks for the links of a pool, or tells of them, owned it, and does not any more: the pool has moved on since.",
    message: ({ pool, found, known }: { pool: string; found: number; known: number }) =>
      `expected the owner of pool ${pool} in epoch ${known}, found one of epoch ${found}; ask who owns it now`,
  },
  rollIncomplete: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Who lets go of pools tells their next owner all agents that were there, in parts of which the last one says that it is. Without that one nothing was said: the owner waits for agents as after a crash.",
    message: ({ agents }: { agents: number }) =>
      `expected a last part that says it is complete, found the end after ${counted(agents, "agent")}; send the rest, or tell everything again`,
  },
  rollTooLong: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Who lets go of pools tells their next owner all agents that were there, as many as there may be and no more. The owner waits for agents as after a crash.",
    message: ({ limit }: { limit: number }) =>
      `expected at most ${limit} agents in the pools that move together, found more; spread the agents over more partitions`,
  },
  tooMuchUnsettled: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The owner of the agent's pool is another process, and has not said for long that results of the agent are durable. Its host keeps no more of them; the agent keeps its results, and greets again.",
    message: ({ agent, bytes, max }: { agent: string; bytes: number; max: number }) =>
      `expected agent ${agent} to have at most ${max} bytes of results that are not durable, found ${bytes}; wait, and greet again`,
  },
  relayGreetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first request of a relay says which host speaks, and of which pool. No other request does.",
    message: () => "expected the first request of the stream to have hello, found none; say hello first",
  },
  relayGreetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A relay is greeted once, and is for one pool. Open another stream for another one.",
    message: () => "expected one hello per stream, found another one; open another stream",
  },
  relayVersionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Host and owner have no version of the protocol of relays in common. Bring both to the same release.",
    message: ({ found, own }: { found: number; own: number }) =>
      `expected a host that speaks version ${own} of the protocol of relays, found ${found}; bring both to the same release`,
  },
  offerGreetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first request of a stream of offers says who speaks, and which pool it begins with. No other request does.",
    message: () => "expected the first request of the stream to have hello, found none; say hello first",
  },
  offerGreetingRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A stream of offers is greeted once. Further pools are opened by `pools`.",
    message: () => "expected one hello per stream, found another one; open further pools by `pools`",
  },
  offerVersionUnsupported: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Sender and owner have no version of the protocol of offers in common. Bring both to the same release.",
    message: ({ found, own }: { found: number; own: number }) =>
      `expected a sender that speaks version ${own} of the protocol of offers, found ${found}; bring both to the same release`,
  },
  agentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No agent with this id is in the pool: it never joined, said goodbye, or was not heard for too long. List those that are there with ListAgents.",
    message: ({ pool, agent }: { pool: string; agent: string }) =>
      `expected an agent of pool ${pool}, found none with the id ${agent}; list the agents that are there`,
  },
});
