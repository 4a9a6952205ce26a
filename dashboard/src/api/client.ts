import createClient from "openapi-fetch";
import type { paths } from "./schema";

/** A refusal of the control plane, or no answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param status HTTP status; 0 where nobody answered.
   * @param code stable code of the problem, such as `baseline-not-live`.
   * @param detail what was wrong and what to do, for people.
   * @param field which part of the request it is about.
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly field: string | null = null,
    readonly problem: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

/** Whether asking again is of no use: what is asked for is not there, not allowed, or makes no sense. Who is only asked to wait may ask again. */
export const isFinal = (error: unknown): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;

/** Told when the control plane does not know the session (any more). */
export const signedOut = new EventTarget();

/** Typed by the control plane's own OpenAPI document. Use {@link call} around it, which throws what is refused. */
export const api = createClient<paths>({ baseUrl: "/", headers: { accept: "application/json" } });

/** The body of an answer; a refusal and a broken connection are thrown as {@link ApiError}. */
export async function call<T extends Promise<{ data?: unknown; error?: unknown; response: Response }>>(
  request: T,
): Promise<NonNullable<Awaited<T>["data"]>> {
  return (await answer(request)).data as NonNullable<Awaited<T>["data"]>;
}

/** The body with its version, which `If-Match` of a change takes back. */
export async function callVersioned<T extends Promise<{ data?: unknown; error?: unknown; response: Response }>>(
  request: T,
): Promise<{ data: NonNullable<Awaited<T>["data"]>; etag: string | null }> {
  const { data, response } = await answer(request);
  return { data: data as NonNullable<Awaited<T>["data"]>, etag: response.headers.get("etag") };
}

async function answer<T extends Promise<{ data?: unknown; error?: unknown; response: Response }>>(request: T): Promise<Awaited<T>> {
  let settled: Awaited<T>;
  try {
    settled = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "unreachable", "The control plane does not answer. What is shown is what it said last; it is asked again.");
  }
  if (settled.response.ok) return settled;
  if (settled.response.status === 401) signedOut.dispatchEvent(new Event("signed-out"));
  throw toError(settled.response.status, settled.error);
}

export function toError(status: number, body: unknown): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string) => (typeof problem[key] === "string" ? (problem[key] as string) : null);
  return new ApiError(
    status,
    text("code") ?? `http-${status}`,
    text("detail") ?? text("title") ?? `The control plane answered with ${status}.`,
    text("field"),
    problem,
  );
}
