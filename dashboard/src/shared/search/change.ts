/** What is to be different in an address: a part of it, or what follows from it as it is by then. */
export type Change<T> = Partial<T> | ((was: T) => Partial<T>);

export const changed = <T extends object>(was: T, change: Change<T>): T => ({
  ...was,
  ...(typeof change === "function" ? change(was) : change),
});
