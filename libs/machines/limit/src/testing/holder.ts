/** A machine that only requests limits, holds them and loses them: it replaces runs in tests. */

import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AcquireLimit,
  DeclineLimit,
  GrantLimit,
  LimitDone,
  ReleaseLimit,
  WithdrawLimit,
} from "@tutti/contracts/workflow/v1";
import { type Command, kernelErrors, type Machine, type MachineEvent } from "@tutti/kernel";
import { acquire, declineLimit, grantLimit, release, withdrawLimit } from "../index.ts";

/** Last message, by task. */
export interface HolderState {
  readonly messages: Map<string, string>;
}

/** Name of the service that hosts limits and their holders, and id of the requested limit. */
export const limitService = "workflow";
export const limitId = "gpu";

type HolderEvent<Body> = MachineEvent<HolderState, never, Body>;
type HolderCommand<Body> = Command<HolderState, Body, LimitDone, never>;

const requestSent: HolderEvent<AcquireLimit> = {
  type: "limit_wanted",
  version: 1,
  codec: AcquireLimit,
  evolve: ({ messages }, { holder }) => void messages.set(holder?.task ?? "", "wanted"),
};

const releaseSent: HolderEvent<ReleaseLimit> = {
  type: "limit_left",
  version: 1,
  codec: ReleaseLimit,
  evolve: ({ messages }, { holder }) => void messages.delete(holder?.task ?? ""),
};

const granted: HolderEvent<GrantLimit> = {
  type: "limit_got",
  version: 1,
  codec: GrantLimit,
  evolve: ({ messages }, { task, ticket }) => void messages.set(task, `held ${ticket}`),
};

const declined: HolderEvent<DeclineLimit> = {
  type: "limit_declined",
  version: 1,
  codec: DeclineLimit,
  evolve: ({ messages }, { task, code }) => void messages.set(task, code),
};

const withdrawn: HolderEvent<WithdrawLimit> = {
  type: "limit_lost",
  version: 1,
  codec: WithdrawLimit,
  evolve: ({ messages }, { task, code }) => void messages.set(task, code),
};

export const requestLimit: HolderCommand<AcquireLimit> = {
  type: "want",
  codec: AcquireLimit,
  reply: LimitDone,
  decide(_, body, step) {
    step.emit(requestSent, body);
    step.send({ ...limitKey, service: limitService }, acquire, body);
    return {};
  },
};

export const releaseLimit: HolderCommand<ReleaseLimit> = {
  type: "leave",
  codec: ReleaseLimit,
  reply: LimitDone,
  decide(_, body, step) {
    step.emit(releaseSent, body);
    step.send({ ...limitKey, service: limitService }, release, body);
    return {};
  },
};

export const limitKey = { namespace: "default", kind: "limit", id: limitId };

export function holderKey(id: string) {
  return { namespace: "default", kind: "holder", id };
}

/** Records a message as an event. */
function recorded<Body>(type: string, event: HolderEvent<Body>): HolderCommand<Body> {
  return {
    type,
    codec: event.codec,
    reply: LimitDone,
    decide(_, body, step) {
      step.emit(event, body);
      return {};
    },
  };
}

export const holder: Machine<HolderState, never> = {
  kind: "holder",
  behaviour: 1,
  create: () => ({ messages: new Map() }),
  commands: [
    requestLimit,
    releaseLimit,
    recorded(grantLimit.type, granted),
    recorded(declineLimit.type, declined),
    recorded(withdrawLimit.type, withdrawn),
  ],
  events: [requestSent, releaseSent, granted, declined, withdrawn],
  queries: [],
  snapshots: {
    version: 1,
    encode: ({ messages }) => Buffer.from(JSON.stringify([...messages])),
    decode(bytes, version) {
      if (version !== 1) throw kernelErrors.snapshotUnknown({ kind: "holder", version, newest: 1 });
      // Encoded by the function above.
      return { messages: new Map(JSON.parse(Buffer.from(bytes).toString()) as [string, string][]) };
    },
  },
  recover() {},
  describe: () => ({
    status: WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    idChosen: true,
  }),
  project: ({ messages }) => [...messages],
};
