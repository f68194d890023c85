/**
 * Publishes the events of tasks with `uses: tutti.emit`. The process that owns the run does this, without a
 * worker.
 *
 * 1. The id of an event follows from the task, so that a repetition after a crash is the same event. Waiting
 *    triggers and runs consume it once.
 * 2. The task completes when triggers and runs of all processes can have the event.
 */
import { ErrorDetail } from "@tutti/contracts/types/v1";
import {
  CloudEvent,
  CompleteTask,
  FailTask,
  PublishEventsRequest,
  type triggerService,
} from "@tutti/contracts/workflow/v1";
import { emittedEvent } from "@tutti/definitions";
import type { EffectJobs } from "@tutti/host/serving";
import { type TuttiError, toErrorDetail } from "@tutti/kernel";
import { completeTask, failTask, type OfferTask } from "@tutti/machine-run";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { triggerSourceErrors } from "../errors.ts";

export interface EmitsParts {
  readonly jobs: EffectJobs;
  readonly triggers: Pick<Client<typeof triggerService>, "publishEvents">;
}

export class Emits {
  readonly #parts: EmitsParts;

  constructor(parts: EmitsParts) {
    this.#parts = parts;
  }

  emit(due: DueEffect, { taskId, input, readyMs }: OfferTask): void {
    const { namespace, id: runId } = due.key;
    const { jobs, triggers } = this.#parts;
    const inputJson = input instanceof Uint8Array ? JSON.parse(Buffer.from(input).toString("utf8")) : null;
    const event = emittedEvent(inputJson, { runId, taskId, readyMs });
    const attempt = async (signal: AbortSignal) => {
      if ("problem" in event) throw triggerSourceErrors.eventInvalid({ id: taskId, problem: event.problem });
      const { data, ...attributes } = event;
      const bytes = Buffer.from(JSON.stringify(data), "utf8");
      const message = CloudEvent.fromPartial({
        ...attributes,
        data: { body: { $case: "inline", value: bytes }, mediaType: "application/json" },
      });
      await triggers.publishEvents(PublishEventsRequest.fromPartial({ namespace, events: [message] }), {
        signal,
      });
      const { id, source, type, time } = event;
      const output = Buffer.from(JSON.stringify({ id, source, type, time }), "utf8");
      return { command: completeTask, body: { ...CompleteTask.create(), output } };
    };
    jobs.startJob(due, attempt, refused);
  }
}

function refused(error: TuttiError) {
  return {
    command: failTask,
    body: { ...FailTask.create(), error: ErrorDetail.fromPartial(toErrorDetail(error)) },
  };
}
