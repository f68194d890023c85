import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { type AnalysisPart, analysisCommand, analysisPath } from "./queries.ts";
import { type AnalysisSearch, defaultSpan, spans } from "./search.ts";

interface FoundOptions<Data> {
  readonly title: string;
  readonly part: AnalysisPart;
  readonly search: AnalysisSearch;
  readonly query: UseQueryResult<Data>;
  readonly isEmpty: (data: Data) => boolean;
  readonly emptyText: string;
  readonly children: (data: Data) => ReactNode;
}

/** A section with its REST call and CLI command. */
export function Found<Data>(options: FoundOptions<Data>) {
  const { title, part, search, query, isEmpty, emptyText } = options;
  const [openedMs] = useState(nowMs);
  return (
    <Part
      title={title}
      aside={
        <span className="analysis-aside">
          {query.isFetching && query.data !== undefined
            ? "analysing …"
            : spans[search.span ?? defaultSpan].word}
          <span className="action lone">
            <Spelled
              label={title}
              call={{ method: "GET", path: analysisPath(part, search, openedMs) }}
              command={analysisCommand(part, search)}
            />
          </span>
        </span>
      }
    >
      <QueryView query={query} label={title.toLowerCase()} lines={4}>
        {(data) => (isEmpty(data) ? <Empty title={emptyText} /> : options.children(data))}
      </QueryView>
    </Part>
  );
}
