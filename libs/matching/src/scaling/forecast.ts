/** The forecast of a scaler, with the reason why it is used or not. */
import type { ScalerForecast } from "@tutti/contracts/swarm/v1";
import type { ArrivalForecast } from "./arrivals.ts";
import { isRare } from "./need.ts";
import type { Load } from "./rules.ts";

const hourMs = 3_600_000;

export function scalerForecastOf(
  forecast: ArrivalForecast,
  { leadMs, meanMs }: Pick<Load, "leadMs" | "meanMs">,
  idleMs: number,
): ScalerForecast {
  const { expectedPerSec, lowPerSec, highPerSec, meanPerSec, errorPerSec, reactiveErrorPerSec } = forecast;
  const share = (errorPerSec: number) => (meanPerSec === 0 ? 0 : errorPerSec / meanPerSec);
  const [error, reactiveError] = [share(errorPerSec), share(reactiveErrorPerSec)];
  const { used, reason } = verdict();
  return { used, reason, leadMs, expectedPerSec, lowPerSec, highPerSec, error, reactiveError };

  function verdict(): Pick<ScalerForecast, "used" | "reason"> {
    const { observedMs, neededMs, isUsed } = forecast;
    const falls = (reason: string) => ({ used: false, reason });
    if (observedMs < neededMs)
      return falls(`${Math.floor(observedMs / hourMs)} of ${neededMs / hourMs} hours are observed`);
    if (!isUsed) return falls("its error of the last day is not lower than without a forecast");
    if (meanMs === 0) return falls("no task has run yet, so the duration of a task is unknown");
    if (isRare(expectedPerSec, idleMs)) return falls("so few tasks are expected that agents would be idle");
    return { used: true, reason: "its error of the last day is lower than without a forecast" };
  }
}
