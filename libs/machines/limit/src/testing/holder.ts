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
  readonly standing: Map<string, string>;
}

/** Name of the service that hosts limits and their holders, and id of the requested limit. */
export const limitService = "workflow";
export const limitId = "gpu";

type HolderEvent<Body> = MachineEvent<HolderState, never, Body>;
type HolderCommand<Body> = Command<HolderState, Body, LimitDone, never>;

const wanted: HolderEvent<AcquireLimit> = {
  type: "limit_wanted",
  version: 1,
  codec: AcquireLimit,
  evolve: ({ standing }, { holder }) => void standing.set(holder?.task ?? "", "wanted"),
};

const left: HolderEvent<ReleaseLimit> = {
  type: "limit_left",
  version: 1,
  codec: ReleaseLimit,
  evolve: ({ standing }, { holder }) => void standing.delete(holder?.task ?? ""),
};

const granted: HolderEvent<GrantLimit> = {
  type: "limit_got",
  version: 1,
  codec: GrantLimit,
  evolve: ({ standing }, { task, ticket }) => void standing.set(task, `held ${ticket}`),
};

const declined: HolderEvent<DeclineLimit> = {
  type: "limit_declined",
  version: 1,
  codec: DeclineLimit,
  evolve: ({ standing }, { task, code }) => void standing.set(task, code),
};

const withdrawn: HolderEvent<WithdrawLimit> = {
  type: "limit_lost",
  version: 1,
  codec: WithdrawLimit,
  evolve: ({ standing }, { task, code }) => void standing.set(task, code),
};

export const want: HolderCommand<AcquireLimit> = {
  type: "want",
  codec: AcquireLimit,
  reply: LimitDone,
  decide(_, body, step) {
    step.emit(wanted, body);
    step.send({ ...limitKey, service: limitService }, acquire, body);
    return {};
  },
};

export const leave: HolderCommand<ReleaseLimit> = {
  type: "leave",
  codec: ReleaseLimit,
  reply: LimitDone,
  decide(_, body, step) {
    step.emit(left, body);
    step.send({ ...limitKey, service: limitService }, release, body);
    return {};
  },
};

export const limitKey = { namespace: "default", kind: "limit", id: limitId };

export function holderKey(id: string) {
  return { namespace: "default", kind: "holder", id };
}

/** Records a message as an event. */
function taken<Body>(type: string, event: HolderEvent<Body>): HolderCommand<Body> {
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
  create: () => ({ standing: new Map() }),
  commands: [
    want,
    leave,
    taken(grantLimit.type, granted),
    taken(declineLimit.type, declined),
    taken(withdrawLimit.type, withdrawn),
  ],
  events: [wanted, left, granted, declined, withdrawn],
  queries: [],
  snapshots: {
    version: 1,
    encode: ({ standing }) => Buffer.from(JSON.stringify([...standing])),
    decode(bytes, version) {
      if (version !== 1) throw kernelErrors.snapshotUnknown({ kind: "holder", version, newest: 1 });
      // Encoded by the function above.
      return { standing: new Map(JSON.parse(Buffer.from(bytes).toString()) as [string, string][]) };
    },
  },
  recover() {},
  describe: () => ({
    status: WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    idChosen: true,
  }),
  project: ({ standing }) => [...standing],
};
