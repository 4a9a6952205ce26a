import { type ReactNode, useDeferredValue } from "react";

/** What takes long to make the first time: what stands around it is painted before, and a key that is pressed meanwhile is answered. From then on it is as any part. */
export const Later = ({ children }: { children: ReactNode }): ReactNode => (useDeferredValue(true, false) ? children : null);
