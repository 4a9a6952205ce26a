import { notifications } from "@mantine/notifications";
import { ApiError } from "~/api/client";

/** Shows what the control plane refused, with its remedy, until it is closed. */
export function showProblem(error: unknown, title = "This was not done"): void {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof ApiError && error.status > 0 ? ` (${error.code})` : "";
  notifications.show({ color: "red", title, message: `${detail}${code}`, autoClose: false, role: "alert" });
}

/** Says briefly that something was done. */
export function showDone(message: string): void {
  notifications.show({ color: "teal", message, autoClose: 5_000 });
}
