/** The page of one object while it loads, or if it cannot be shown. It still has its title and a link to the list. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { pageError } from "../data/send.ts";
import { Failure, Loading, PageHead } from "./parts.tsx";
import "./unshown.css";

const lists = {
  run: "/runs",
  mission: "/missions",
  session: "/sessions",
  schedule: "/schedules",
  trigger: "/triggers",
  object: "/objects",
  workflow: "/workflows",
  incident: "/incidents",
} as const;

interface ItemKey {
  readonly kind: keyof typeof lists;
  readonly id: string;
}

export interface ItemPlaceholderOptions extends ItemKey {
  /** Undefined while it loads. */
  readonly problem: { readonly message: string; readonly code?: string } | undefined;
  readonly below?: ReactNode;
  readonly onRetry?: () => void;
}

export function ItemPlaceholder({ kind, id, problem, below, onRetry }: ItemPlaceholderOptions) {
  return (
    <>
      <PageHead title={id} below={below} />
      {problem === undefined ? (
        <Loading label={`the ${kind}`} lines={10} />
      ) : (
        <>
          <Failure title={`The ${kind} cannot be shown`} {...problem} {...(onRetry && { onRetry })} />
          <p className="unshown-elsewhere">
            <Link to={lists[kind]}>All {kind}s</Link>
          </p>
        </>
      )}
    </>
  );
}

export interface ItemViewOptions<Data> extends ItemKey {
  readonly query: UseQueryResult<Data>;
  readonly children: (data: Data) => ReactNode;
}

/** The page of an object that a query returns. */
export function ItemView<Data>({ query, kind, id, children }: ItemViewOptions<Data>) {
  const { data, error } = query;
  if (data !== undefined) return <>{children(data)}</>;
  const problem = error === null ? undefined : pageError(error);
  return <ItemPlaceholder kind={kind} id={id} problem={problem} onRetry={() => void query.refetch()} />;
}
