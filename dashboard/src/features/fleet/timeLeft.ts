/** What is left of a span that ends by its time: seconds, 0 when it is over, and its share of the whole. */
export function timeLeft(from: string, until: string | null, now: number): { seconds: number; pct: number } | null {
  if (until === null) return null;
  const [begin, end] = [Date.parse(from), Date.parse(until)];
  const seconds = Math.max(0, (end - now) / 1000);
  return { seconds, pct: end <= begin ? 0 : Math.min(100, (seconds * 100_000) / (end - begin)) };
}
