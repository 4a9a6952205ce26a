import { type ReactNode, useDeferredValue } from "react";

/** What takes long to make: what stands around it is painted first, and a key that is pressed meanwhile is answered before it goes on. */
export const Later = ({ children }: { children: ReactNode }): ReactNode => useDeferredValue(children, null);
