import { useEffect, useRef, useState } from "react";
import { client } from "../../data/live.ts";
import { type PageError, pageError } from "../../data/send.ts";
import { nowMs } from "../../effects/time.ts";
import { counted } from "../../elements/moments.ts";
import { Failure, Part } from "../../elements/parts.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { bytesOf } from "./bytes.ts";
import type { parametersOf } from "./search.ts";

type Filter = ReturnType<typeof parametersOf>;

/** Saves the filtered records as a file, with all data needed to verify it without the installation. */
export function ExportPart({ filter, command }: { filter: Filter; command: string }) {
  const { records, isBusy, problem, fetchAll, stop } = useExport(filter);
  const { oldestFirst: _, ...query } = filter;
  return (
    <Part title="Export" aside={isBusy ? `${counted(records, "record")} so far` : undefined}>
      <p className="export">
        <span className="action plain">
          <button
            type="button"
            className="press"
            disabled={isBusy}
            aria-busy={isBusy}
            onClick={() => void fetchAll()}
          >
            Export matching records
          </button>
          <Spelled
            label="Export"
            call={{ method: "GET", path: pathOf(["watch", "audit", "export"], query) }}
            command={`${command} > audit.jsonl`}
          />
        </span>
        {isBusy ? (
          <button type="button" className="press" onClick={stop}>
            Stop
          </button>
        ) : null}
        <span className="small soft">
          JSON lines with proofs. <code>tutti audit verify audit.jsonl --public-key audit.key</code> lists
          removed, changed, swapped or added records. For large exports, use the CLI.
        </span>
      </p>
      {problem === undefined ? null : (
        <Failure title="Export interrupted" message={problem.message} code={problem.code} />
      )}
    </Part>
  );
}

function useExport(filter: Filter) {
  const [state, setState] = useState<{ records: number; isBusy: boolean; problem?: PageError }>({
    records: 0,
    isBusy: false,
  });
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const fetchAll = async () => {
    const stop = new AbortController();
    running.current = stop;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let [records, isComplete, isBroken] = [0, false, false];
    setState({ records, isBusy: true });
    try {
      const { oldestFirst: _, ...query } = filter;
      const onStatus = (status: string) => {
        isBroken ||= status === "broken";
      };
      const request = { query: query as object };
      for await (const message of client.follow("audit.export", request, {
        signal: stop.signal,
        onConnectionChange: onStatus,
      })) {
        // A retry would append all records again after the existing ones.
        if (isBroken) break;
        if (message.kind === "ready" || message.kind === "gap") continue;
        const { chunk = "", records: many = records, last = false } = message.value;
        chunks.push(bytesOf(chunk));
        records = many;
        isComplete = last;
        setState({ records, isBusy: !last });
        if (last) break;
      }
      if (isComplete) return save(chunks);
      if (stop.signal.aborted) return setState({ records, isBusy: false });
      setState({
        records,
        isBusy: false,
        problem: pageError(new Error("The file is incomplete. Export again.")),
      });
    } catch (error) {
      if (stop.signal.aborted) return setState({ records, isBusy: false });
      const problem = pageError(error);
      setState({ records, isBusy: false, problem });
    }
  };
  return { ...state, fetchAll, stop: () => running.current?.abort() };
}

/** Saves the file through the browser. */
function save(chunks: readonly Uint8Array<ArrayBuffer>[]): void {
  const url = URL.createObjectURL(new Blob([...chunks], { type: "application/jsonl" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `audit-${new Date(nowMs()).toISOString().slice(0, 10)}.jsonl`;
  link.click();
  URL.revokeObjectURL(url);
}
