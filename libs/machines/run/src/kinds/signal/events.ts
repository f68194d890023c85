import { TaskStatus } from "@tutti/contracts/types/v1";
import { SignalReceivedV1, SignalTakenV1 } from "@tutti/contracts/workflow/v1";
import { blobsOf, dataOfPayload } from "@tutti/machine-work";
import { setOutput } from "../../core/node/data.ts";
import { finishNode } from "../../core/node/flow.ts";
import { release, startVisit } from "../../core/node/nodes.ts";
import { moreOf, type RunEvent } from "../../core/state/state.ts";
import { rememberEvent } from "./received-events.ts";
import { forgetWaiters } from "./waiting.ts";

/** Kept until it is requested. */
export const signalReceived: RunEvent<SignalReceivedV1> = {
  type: "signal_received",
  version: 1,
  codec: SignalReceivedV1,
  blobs: ({ signal }) => blobsOf(signal?.payload),
  evolve(run, { signal }) {
    if (signal === undefined) return;
    const more = moreOf(run);
    more.signals.push(signal);
    more.lastSignal = signal.number;
    if (signal.event !== undefined) rememberEvent(more, signal.event);
  },
};

/** A task receives the signal that it waited for, and completes. */
export const signalTaken: RunEvent<SignalTakenV1> = {
  type: "signal_taken",
  version: 1,
  codec: SignalTakenV1,
  evolve(run, { node: number, number: signalNumber, takeMs }, outstanding) {
    const node = startVisit(run, number, takeMs, outstanding);
    release(number, outstanding);
    const { signals } = moreOf(run);
    const place = signals.findIndex((signal) => signal.number === signalNumber);
    const [received] = place < 0 ? [] : signals.splice(place, 1);
    setOutput(run, node, dataOfPayload(received?.payload));
    finishNode(run, node, TaskStatus.TASK_STATUS_COMPLETED, takeMs, outstanding);
    if (received !== undefined) forgetWaiters(run, received.signal);
  },
};
