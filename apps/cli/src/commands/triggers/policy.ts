import type { Trigger } from "@tutti/rest/types";
import { printDurationMs } from "../../terminal/time.ts";

/** Returns the rules of a trigger that differ from the defaults, and the address of its webhooks. Empty: not set. */
export function policyFacts(
  trigger: Trigger,
  url: string,
): readonly (readonly [name: string, text: string])[] {
  const { namespace = "default", triggerId, source, policy, windowMs = 0 } = trigger;
  const { group = "", signal = "", debounceMs = 0, debounceMaxMs = 0, singleton = "" } = policy ?? {};
  const { batchSize = 0, batchWaitMs = 0, throttleCount = 0, throttlePerMs = 0 } = policy ?? {};
  const { webhook } = source ?? {};
  const [most, wait, per] = [debounceMaxMs || 10 * debounceMs, batchWaitMs || 1_000, throttlePerMs || 1_000];
  return [
    ["address", webhook === undefined ? "" : `POST ${url}/v1/webhooks/${namespace}/${triggerId}`],
    ["secrets", webhook?.secrets.join(", ") ?? ""],
    ["window", windowMs === 0 ? "" : printDurationMs(windowMs)],
    ["group", group],
    ["debounce", debounceMs === 0 ? "" : `${printDurationMs(debounceMs)}, at most ${printDurationMs(most)}`],
    ["batch", batchSize < 2 ? "" : `${batchSize} events, or ${printDurationMs(wait)}`],
    ["throttle", throttleCount === 0 ? "" : `${throttleCount} runs in ${printDurationMs(per)}`],
    ["singleton", singleton],
    ["signal", signal],
  ];
}
