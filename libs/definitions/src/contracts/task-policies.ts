import {
  CheckFailure,
  type Compensation,
  type KeyedLimit,
  type QualityCheck,
  type TaskSpec,
} from "@tutti/contracts/types/v1";
import { jsonPayload, resolveRetry, retryMessage, toTimestamp } from "@tutti/kernel";
import { cacheIn, durationMs, rateOf, retrySettings, splitAt } from "../build/values.ts";
import type {
  CheckDocument,
  CompensateDocument,
  Condition,
  LimitDocument,
  TaskDocument,
} from "../language/document.ts";

/** Converts the policies of a task to the contracts: the inverse of their parsing. */
export function applyPolicies(spec: TaskSpec, document: TaskDocument, taskId: string): void {
  const { checks = [], limits = [], cache, compensate, dueTime } = document;
  spec.checks = checks.map((check) => checkOf(check, taskId));
  spec.limits = limits.map(limitOf);
  if (cache !== undefined) {
    const { key = "", ttl, stale, failures, tags = [], auto = false } = cacheIn(cache);
    const times = { ttlMs: durationMs(ttl), staleMs: durationMs(stale), failuresMs: durationMs(failures) };
    spec.cache = { key, ...times, tags: [...tags], auto };
  }
  if (compensate !== undefined) spec.compensate = compensationOf(compensate);
  const dueMs = dueTime === undefined ? Number.NaN : Date.parse(dueTime);
  if (!Number.isNaN(dueMs)) spec.dueTime = toTimestamp(dueMs);
}

const failures = {
  fail: CheckFailure.CHECK_FAILURE_FAIL,
  sendBack: CheckFailure.CHECK_FAILURE_SEND_BACK,
  approval: CheckFailure.CHECK_FAILURE_APPROVAL,
} as const;

function checkOf(
  { name, condition, onFailure = "fail", sendBackTo = "", times }: CheckDocument,
  taskId: string,
): QualityCheck {
  return {
    name,
    condition: bare(condition),
    onFailure: failures[onFailure],
    sendBackTo: sendBackTo === taskId ? "" : sendBackTo,
    maxSendBacks: times ?? (onFailure === "sendBack" ? 1 : 0),
  };
}

function limitOf({ key, concurrency = 0, rate, resources = {} }: LimitDocument): KeyedLimit {
  const { rateCount, ratePerMs, rateBurst } = rateOf(rate);
  return {
    key,
    maxConcurrent: concurrency,
    resources: { ...resources },
    rate: rate === undefined ? undefined : { count: rateCount, perMs: ratePerMs, burst: rateBurst },
  };
}

function compensationOf({ uses, with: input, retry }: CompensateDocument): Compensation {
  const [capability, versionRange] = splitAt(uses);
  return {
    capability,
    versionRange,
    input: input === undefined ? undefined : jsonPayload(input),
    retry: retry === undefined ? undefined : retryMessage(resolveRetry(retrySettings(retry))),
  };
}

/** Returns a condition without its `${{ }}`. */
export function bare(condition: Condition | undefined): string {
  if (condition === undefined) return "";
  return String(condition)
    .replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, "$1")
    .trim();
}
