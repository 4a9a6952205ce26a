import { Stack } from "./stack";

/** Starts the stack that all tests share, and ends it after them. */
export default async function setUp(): Promise<() => Promise<void>> {
  const stack = await Stack.start();
  stack.announce();
  return () => stack.stop();
}
