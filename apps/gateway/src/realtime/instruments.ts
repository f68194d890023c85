import type { CounterCell, Metrics } from "@tutti/kernel";
import type { Ending } from "./outflow/outflow.ts";

/** The kind and transport of a stream: events by SSE or WebSocket, the replies of an rpc by SSE. */
export type ConnectionKind = "events" | "web_socket" | "replies";

const kinds: readonly ConnectionKind[] = ["events", "web_socket", "replies"];
const endings: readonly Ending[] = ["done", "left", "stalled", "refused", "closing"];

interface ConnectionInstruments {
  readonly sent: CounterCell;
  opened(): void;
  recordEnd(reason: Ending): void;
}

export interface RealtimeInstruments {
  /** Counts the bytes that wait for all readers, when the metrics are read. */
  observeWaiting(bytes: () => number): void;
  of(kind: ConnectionKind): ConnectionInstruments;
}

export function realtimeInstruments(metrics: Metrics): RealtimeInstruments {
  const open = metrics.gauge({
    name: "tutti_gateway_streams",
    help: "Open streaming connections by kind: events, events over WebSocket, replies of an rpc.",
    labels: ["kind"],
  });
  const sent = metrics.counter({
    name: "tutti_gateway_stream_bytes_total",
    help: "Bytes sent to streaming clients.",
    labels: ["kind"],
  });
  const ended = metrics.counter({
    name: "tutti_gateway_streams_ended_total",
    help: "Closed streaming connections by reason: completed, client disconnected, stalled, no longer allowed, process stopping.",
    labels: ["why"],
  });
  const waiting = metrics.gauge({
    name: "tutti_gateway_stream_waiting_bytes",
    help: "Bytes queued for streaming clients.",
  });
  const cells = new Map(
    kinds.map((kind) => {
      const gauge = open.with({ kind });
      const counters = new Map(endings.map((reason) => [reason, ended.with({ why: reason })]));
      const instruments: ConnectionInstruments = {
        sent: sent.with({ kind }),
        opened: () => gauge.add(1),
        recordEnd(reason) {
          gauge.add(-1);
          counters.get(reason)?.add();
        },
      };
      return [kind, instruments] as const;
    }),
  );
  return {
    observeWaiting: (bytes) => {
      waiting.observe({}, bytes);
    },
    of(kind) {
      const found = cells.get(kind);
      if (found === undefined) throw new TypeError(`no such kind of connection: ${kind}`);
      return found;
    },
  };
}
