import type { ErrorComponentProps } from "@tanstack/react-router";
import { queryClient } from "../data/query-client.ts";
import { Failure, PageHead } from "../elements/parts.tsx";

/** A page that fails while it is drawn takes nothing else with it. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageHead title="Page error" />
      <Failure
        title="The page failed to render"
        message="Runs are not affected. Try again. If the error stays, open another page or use the CLI, and report this text."
        code={error instanceof Error ? error.message : String(error)}
        onRetry={() => {
          // It may have been what it was told: that is asked again.
          queryClient.removeQueries({ type: "inactive" });
          reset();
        }}
      />
    </>
  );
}
