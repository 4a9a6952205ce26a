import { QueryClient, QueryClientProvider, useInfiniteQuery } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it } from "vitest";
import { useAllPages } from "./useAllPages";

const PAGES = 4;

interface Page {
  items: number[];
  next: number | null;
}
type Read = (page: number) => Promise<Page>;

const useRead = ({ queryFn, most }: { queryFn: Read; most: number }) =>
  useAllPages(
    useInfiniteQuery({
      queryKey: ["pages"],
      queryFn: ({ pageParam }) => queryFn(pageParam),
      initialPageParam: 1,
      getNextPageParam: (page: Page) => page.next,
    }),
    most,
  );

function read(queryFn: Read, most: number) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  return renderHook(useRead, { wrapper, initialProps: { queryFn, most } }).result;
}

const page = async (n: number) => ({ items: [n], next: n < PAGES ? n + 1 : null });

it("reads to the end", async () => {
  const result = read(page, 10);
  await waitFor(() => expect(result.current.complete).toBe(true));
  expect(result.current).toMatchObject({ items: [1, 2, 3, 4], more: false, error: null });
});

it("stops where it is enough, and says that there is more", async () => {
  const result = read(page, 2);
  await waitFor(() => expect(result.current.complete).toBe(true));
  expect(result.current).toMatchObject({ items: [1, 2], more: true });
});

it("says why it is not complete, and goes on from there when it is told to", async () => {
  let away = true;
  const asked: number[] = [];
  const result = read((n) => {
    asked.push(n);
    return n === 3 && away ? Promise.reject(new Error("away")) : page(n);
  }, 10);
  await waitFor(() => expect(result.current.error).toEqual(new Error("away")));
  expect(result.current).toMatchObject({ complete: false, items: [1, 2] });
  away = false;
  act(() => result.current.retry());
  await waitFor(() => expect(result.current.complete).toBe(true));
  expect(result.current).toMatchObject({ items: [1, 2, 3, 4], error: null });
  expect(asked).toEqual([1, 2, 3, 3, 4]);
});
