/** Agents that a scaler launches: the launch id that such an agent presents, and what their launcher knows of them. */
import type { Launches } from "../api/pool.ts";

/** The launcher of a pool's agents. Undefined until a scaler registers one. */
export interface LaunchSlot {
  current: Launches | undefined;
}

/** One id for each launch, or one for all of a scaler if an external service launches its agents. */
export function launchIdOf(scalerId: string, unique: string): string {
  return `${scalerId}.${unique}`;
}

/** Returns the scaler that launched an agent. Empty for an agent that joined by itself. */
export function scalerIdOf(launchId: string): string {
  return launchId.slice(0, Math.max(0, launchId.lastIndexOf(".")));
}
