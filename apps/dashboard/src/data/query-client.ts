import { QueryCache, QueryClient } from "@tanstack/react-query";
import { CallFailed } from "./send.ts";

/** Called when the platform no longer knows the caller, after the first answer that shows it. */
export const signedOut = new EventTarget();

/**
 * The cache of queries. Nothing polls by default: live events invalidate queries. Failed queries are not retried,
 * because a reconnect refetches all of them.
 */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      // The query for the signed-in user follows from it: that answer must not trigger it again.
      if (queryKey[0] === "who") return;
      if (error instanceof CallFailed && error.error.status === 401)
        signedOut.dispatchEvent(new Event("out"));
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 300_000,
      retry: false,
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});
