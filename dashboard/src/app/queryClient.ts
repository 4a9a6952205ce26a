import { MutationCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "~/api/client";
import { showProblem } from "~/shared/components/showProblem";

/**
 * What is read stays fresh by the live connection, which says what has changed. A refusal is final; only who does not answer, or is not ready, is asked
 * again.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => (error instanceof ApiError && (error.status === 0 || error.status >= 502) ? failures < 30 : false),
      retryDelay: (attempt) => Math.min(5_000, 500 * 2 ** attempt),
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
  mutationCache: new MutationCache({
    // A change that failed is never silent: where the form itself shows the problem it says so by `meta.problemShown`.
    onError: (error, _variables, _context, mutation) => {
      if (mutation.meta?.problemShown !== true) showProblem(error);
    },
  }),
});
