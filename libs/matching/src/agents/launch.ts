/** How an agent that was launched by a scaler says whose it is: by the id that it was given to say. */

/** One id for each launch, or one for all of a scaler if an external service launches its agents. */
export function launchIdOf(scalerId: string, unique: string): string {
  return `${scalerId}.${unique}`;
}

/** Returns the scaler that launched an agent. Empty for one that came by itself. */
export function scalerIdOf(launchId: string): string {
  return launchId.slice(0, Math.max(0, launchId.lastIndexOf(".")));
}
