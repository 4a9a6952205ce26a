import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { ProblemAlert } from "./ProblemAlert";

/** In place of a page that could not be shown. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return <ProblemAlert error={error} onRetry={again} />;
}
