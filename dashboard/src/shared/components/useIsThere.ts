import { useEffect, useState } from "react";

/**
 * False while a part is made, true from then on. What floats and opens only then gives the focus back to where it was when it closes: it looks at the moment
 * at which it opens, and not at that in which it was made.
 */
export function useIsThere(): boolean {
  const [isThere, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  return isThere;
}
