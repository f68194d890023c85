/** Computes parts of an offer: labels, keys, due time. */

import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import type { Among } from "@tutti/definitions";
import { textOfJson } from "@tutti/expressions";
import { detailOfRefusal, labelLengthMax, truncate } from "@tutti/machine-work";
import { runErrors } from "../../errors.ts";
import { type EventValue, evaluate, evaluateForEvent } from "../evaluate/evaluate.ts";
import { idOf, type Place, sceneOf } from "../node/task-kind.ts";

export type Detailed =
  | { readonly ok: true; readonly details: OfferDetails | undefined }
  | { readonly ok: false; readonly error: ErrorDetail };

const noDetails: Detailed = { ok: true, details: undefined };
const keyLengthMax = 1_000;
const shortKeyMax = 200;

/** Returns the input of a task: its `with`, or the input that a person has set. */
export function taskInput(place: Place): EventValue {
  const bytes = place.run.nodes[place.number]?.more?.setInput as Uint8Array | undefined;
  if (bytes !== undefined) return { ok: true, bytes, payload: undefined };
  return evaluateForEvent(sceneOf(place), place.task.input, "`with`");
}

export function detailsOf(place: Place): Detailed {
  const { range, task } = place;
  if (!range.plan.isComputed(task)) return noDetails;
  const { labels, limits, idempotencyKey, dueTime, placement, cache } = range.plan.policy(task);
  const computing = new Computing(place);
  const work = range.plan.work(task);
  const details: OfferDetails = {
    labels: {},
    limitKeys: limits.map(({ key }) => computing.text(key, "the key of a limit", keyLengthMax)),
    idempotencyKey: computing.text(idempotencyKey, "idempotencyKey", shortKeyMax),
    stickyKey: computing.text(placement?.stickyKey ?? -1, "stickyKey", shortKeyMax),
    contextKey: computing.text(placement?.contextKey ?? -1, "contextKey", shortKeyMax),
    dueMs: computing.moment(dueTime),
    cacheKey: computing.text(cache?.key ?? -1, "the key of the cache", keyLengthMax),
    cacheTags: computing.texts(cache?.tags ?? -1, "the tags of the cache", keyLengthMax),
    capability: work.kind === "uses" && work.among !== undefined ? computing.choice(work.among) : 0,
  };
  for (const [name, program] of Object.entries(labels))
    details.labels[name] = computing.text(program, `label ${name}`, labelLengthMax);
  const { error } = computing;
  return error === undefined ? { ok: true, details } : { ok: false, error };
}

/** Evaluates expressions in sequence and keeps the first error. */
class Computing {
  readonly #place: Place;
  error: ErrorDetail | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  text(program: number, field: string, lengthMax: number): string {
    const value = this.#value(program, field);
    if (value === undefined || value === null) return "";
    return truncate(textOfJson(value), lengthMax);
  }

  /** Texts of a list, without duplicates and empty texts. */
  texts(program: number, field: string, lengthMax: number): string[] {
    const value = this.#value(program, field);
    if (!Array.isArray(value)) return [];
    const texts = value.map((each) => truncate(textOfJson(each), lengthMax));
    return [...new Set(texts)].filter((text) => text !== "" && text !== "null");
  }

  /** Number of the capability that the expression names, from 1. */
  choice({ program, capabilities }: Among): number {
    const name = String(this.#value(program, "`uses`") ?? "");
    const index = capabilities.findIndex(({ capability }) => capability === name);
    if (index < 0) {
      const parameters = {
        task: idOf(this.#place),
        capability: truncate(name, labelLengthMax),
        declared: capabilities.map(({ capability }) => capability).join(", "),
      };
      this.error ??= detailOfRefusal(runErrors.capabilityUndeclared.refusal(parameters));
    }
    return index + 1;
  }

  moment(program: number): number {
    const value = this.#value(program, "dueTime");
    if (value === undefined || value === null) return 0;
    const moment = typeof value === "number" ? value : Date.parse(String(value));
    if (!Number.isNaN(moment)) return moment;
    const parameters = {
      subject: `dueTime of ${idOf(this.#place)}`,
      expression: String(value),
      problem: "expected a moment such as 2026-01-31T09:30:00Z",
    };
    this.error ??= detailOfRefusal(runErrors.expressionFailed.refusal(parameters));
    return 0;
  }

  #value(program: number, field: string) {
    if (program < 0) return undefined;
    const result = evaluate(sceneOf(this.#place), program, `${field} of ${idOf(this.#place)}`);
    if (result.ok) return result.value;
    this.error ??= result.error;
    return undefined;
  }
}
