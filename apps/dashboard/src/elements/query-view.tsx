import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { pageError } from "../data/send.ts";
import { Failure, Loading } from "./parts.tsx";

/**
 * The result of a query, with its loading and error states. Known data stays visible while newer data is loading or
 * unavailable, because a disconnected platform must not empty the page.
 */
export function QueryView<Data>(options: {
  query: UseQueryResult<Data>;
  label: string;
  lines?: number;
  children: (data: Data) => ReactNode;
}) {
  const { query, label } = options;
  if (query.data !== undefined) return <>{options.children(query.data)}</>;
  if (query.error !== null) {
    const { message, code } = pageError(query.error);
    return (
      <Failure
        title={`${label[0]?.toUpperCase()}${label.slice(1)} cannot be shown`}
        message={message}
        code={code}
        onRetry={() => void query.refetch()}
      />
    );
  }
  return <Loading label={label} lines={options.lines ?? 4} />;
}
