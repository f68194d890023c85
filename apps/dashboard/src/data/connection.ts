/**
 * The state of the connection to the platform. The dashboard shows it, and reads everything again after a reconnect.
 */

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "away"; readonly sinceMs: number };

let connection: Connection = { kind: "connecting" };
const listeners = new Set<() => void>();

export function currentConnection(): Connection {
  return connection;
}

export function setConnection(next: Connection): void {
  if (next.kind === connection.kind) return;
  connection = next;
  for (const listen of listeners) listen();
}

export function subscribeConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
